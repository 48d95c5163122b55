/**
 * Acts of the desk over HTTP: one at a time, each with a key of its own, sent again until it is answered.
 * What is under way is kept in this tab, so that a page that is loaded again goes on with it: a press is neither
 * lost nor doubled. One that names a person is kept without its body; what became of it is asked by its key.
 */

import { AGAIN_MS, Door, REQUEST_MS, sleep } from "/static/door.js";
import { COMMAND_MAX_MS, randomKey } from "/static/feed.js";
import { KeptPresses, ageOf } from "/static/kept.js";

/** @typedef {import("/static/door.js").Result} Result */
/**
 * @typedef {Object} Press
 * @property {string} name of the act, for the receipt
 * @property {string} path below the hall
 * @property {Object<string, any>} body
 */
/** @typedef {{name: string, path: string, body: Object<string, any>|null, key: string, atMs: number}} Kept */

export class Presses {
  /** @param {string} hall @param {string} token @param {() => void} onChange */
  constructor(hall, token, onChange) {
    this._door = new Door(hall, token);
    /** @type {KeptPresses<Kept>} */
    this._kept = new KeptPresses(token, COMMAND_MAX_MS);
    this._onChange = onChange;
    /** Name of what is under way; empty: nothing. */
    this.pending = "";
  }

  get busy() {
    return this.pending !== "";
  }

  /**
   * Do something, once.
   * @param {Press} press
   * @returns {Promise<Result>} code `unconfirmed` when nobody answered in a minute
   */
  run({ name, path, body }) {
    const kept = { name, path, body: body.person ? null : body, key: randomKey(), atMs: Date.now() };
    this._kept.keep(kept);
    return this._follow(name, this._door.act(path, body, kept.key, COMMAND_MAX_MS));
  }

  /** What an earlier life of this page did not see answered; null: nothing that counts. @returns {Kept|null} */
  kept() {
    return this._kept.find();
  }

  /**
   * Go on with it: sent once more with its key, or looked for by it.
   * @param {Kept} kept
   * @returns {Promise<Result>} of a press that names a person: `answer.ticket`, or code `not_arrived`
   */
  goOn(kept) {
    const forMs = COMMAND_MAX_MS - ageOf(kept);
    return this._follow(kept.name, kept.body ? this._door.act(kept.path, kept.body, kept.key, forMs) : this._lookFor(kept.key, forMs));
  }

  /**
   * What a request gave that the page before this one sent: as long as it can still be on its way, nothing says nothing.
   * @param {string} key
   * @param {number} forMs
   * @returns {Promise<Result>}
   */
  async _lookFor(key, forMs) {
    const sinceMs = performance.now();
    for (;;) {
      const passedMs = performance.now() - sinceMs;
      const over = passedMs >= REQUEST_MS;
      const result = await this._door.act("find/tickets", { key }, null, forMs - passedMs);
      if (!result.ok) return result;
      const [found] = result.answer.tickets;
      if (found) return { ok: true, answer: { ticket: found.ticket } };
      if (over) return { ok: false, problem: { code: "not_arrived" } };
      await sleep(AGAIN_MS);
    }
  }

  /**
   * Ask for something that changes nothing.
   * @param {string} path
   * @param {Object|null} body null: a GET
   * @returns {Promise<Result>}
   */
  ask(path, body) {
    return this._door.ask(path, body);
  }

  /** @param {string} name @param {Promise<Result>} sent @returns {Promise<Result>} */
  async _follow(name, sent) {
    this.pending = name;
    this._onChange();
    const result = await sent;
    this._kept.forget();
    this.pending = "";
    this._onChange();
    return result;
  }
}
