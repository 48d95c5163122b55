/**
 * Acts: one at a time, each step with a key of its own, repeated by the feed after a break, and when the page is loaded
 * again, until it is answered.
 * An act of several steps stops at the first that is refused, and says what was done until then.
 */

import { COMMAND_MAX_MS, randomKey } from "/static/feed.js";
import { KeptPresses, ageOf } from "/static/kept.js";
import { Receipt } from "/static/receipt.js";
import { notDone, t } from "/static/words.js";

/** @typedef {import("/static/feed.js").Feed} Feed */
/** @typedef {Object<string, any>} Command as over HTTP, with `window` where it is about one */
/** @typedef {{name: string, commands: Command[], done: string, half?: string}} Act
 *   name: of the button; done: what the receipt says; half: what it says before the reason where the first step alone was done */
/** @typedef {{key: string, atMs: number, act: Act, at: number}} Step one command of an act, the `at`-th, as it is awaited */

/** An answer that comes sooner needs no word that it is on its way. */
const PENDING_SHOWN_MS = 300;
/** Longer than any change lags behind the answer to its command. */
const SETTLE_MS = 2000;

export class Presses {
  /**
   * @param {{feed: Feed, token: string, now: () => number, timezone: () => string, revision: () => number, onChange: () => void}} options
   */
  constructor(options) {
    this._options = options;
    this._receipt = new Receipt("receipt");
    /** @type {KeptPresses<Step>} */
    this._kept = new KeptPresses(options.token, COMMAND_MAX_MS);
    /** @type {Act|null} */
    this._pending = null;
    this._shown = false;
    this._settling = { revision: -1, untilMs: 0 };
  }

  /** Whether a press counts for nothing: the last one is not answered, or not shown yet. */
  get busy() {
    const { revision, untilMs } = this._settling;
    return this._pending !== null || (this._options.revision() < revision && performance.now() < untilMs);
  }

  /** @param {"done"|"refused"|"pending"} kind @param {string} words */
  say(kind, words) {
    this._receipt.show(kind, words, this._options.now(), this._options.timezone());
  }

  /** Say of a press that is under way how it stands; the line may have broken meanwhile. */
  sayPending() {
    if (!this._pending || !this._shown) return;
    const lost = this._options.feed.status.phase !== "live";
    this.say("pending", t(lost ? "receipt.pendingLost" : "receipt.pending", { act: this._pending.name }));
  }

  /**
   * @param {Act} act
   * @returns {Promise<boolean>} whether all of it was done; resolves always
   */
  run(act) {
    if (this.busy) {
      // Another press came before this one was ready to be sent: it is lost, and says so.
      this.say("refused", t("receipt.refused", { act: act.name, why: t("floor.why.pending") }));
      return Promise.resolve(false);
    }
    return this._begin(act, this._next(act, 0));
  }

  /** Go on with what an earlier life of this page did not see answered. */
  resume() {
    const step = this._kept.find();
    if (step) this._begin(step.act, step);
  }

  /** @param {Act} act @param {Step} step @returns {Promise<boolean>} */
  _begin(act, step) {
    this._pending = act;
    this._shown = false;
    window.setTimeout(() => {
      if (this._pending !== act) return;
      this._shown = true;
      this.sayPending();
      this._options.onChange();
    }, PENDING_SHOWN_MS);
    const done = this._send(step);
    this._options.onChange();
    return done;
  }

  /** @param {Act} act @param {number} at @returns {Step} */
  _next(act, at) {
    const step = { key: randomKey(), atMs: Date.now(), act, at };
    this._kept.keep(step);
    return step;
  }

  /** @param {Step} step @returns {Promise<boolean>} */
  _send({ key, atMs, act, at }) {
    return this._options.feed.command(act.commands[at], { key, ageMs: ageOf({ atMs }) }).then((result) => {
      if (result.ok !== true) {
        const words = notDone(act.name, result.problem);
        return this._end("refused", at > 0 && act.half ? `${act.half} ${words}` : words);
      }
      this._settling = { revision: result.revision, untilMs: performance.now() + SETTLE_MS };
      if (at + 1 < act.commands.length) return this._send(this._next(act, at + 1));
      return this._end("done", act.done);
    });
  }

  /** @param {"done"|"refused"} kind @param {string} words */
  _end(kind, words) {
    this._pending = null;
    this._kept.forget();
    this.say(kind, words);
    this._options.onChange();
    return kind === "done";
  }
}
