/**
 * Acts of the desk over HTTP: one at a time, each with a key of its own, sent again until it is answered.
 * What is under way is kept in this tab, so that a page that is loaded again goes on with it: a press is neither
 * lost nor doubled. One that names a person is kept without its body; what became of it is asked by its key.
 */

import { COMMAND_MAX_MS, randomKey } from "/static/feed.js";

/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {{ok: true, answer: any} | {ok: false, problem: Problem}} Result */
/**
 * @typedef {Object} Press
 * @property {string} name of the act, for the receipt
 * @property {string} path below the hall
 * @property {Object<string, any>} body
 */
/** @typedef {{name: string, path: string, body: Object<string, any>|null, key: string, atMs: number}} Kept */

const KEPT = "callq.press:" + location.pathname;
const AGAIN_MS = 700;
const REQUEST_MS = 8000;

/** @param {number} ms @returns {Promise<void>} */
const sleep = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

export class Presses {
  /** @param {string} hall @param {string} token @param {() => void} onChange */
  constructor(hall, token, onChange) {
    this._base = `/v1/halls/${encodeURIComponent(hall)}`;
    this._token = token;
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
  run(press) {
    const secret = Boolean(press.body.person);
    const kept = { name: press.name, path: press.path, body: secret ? null : press.body, key: randomKey(), atMs: Date.now() };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    return this._until(press.name, () => this._once(press.path, press.body, kept.key), kept.atMs);
  }

  /** What an earlier life of this page did not see answered; null: nothing, or too old to count. @returns {Kept|null} */
  kept() {
    const text = sessionStorage.getItem(KEPT);
    if (text === null) return null;
    /** @type {Kept} */
    const kept = JSON.parse(text);
    if (Math.abs(Date.now() - kept.atMs) < COMMAND_MAX_MS) return kept;
    sessionStorage.removeItem(KEPT);
    return null;
  }

  /**
   * Go on with it: sent once more with its key, or looked for by it.
   * @param {Kept} kept
   * @returns {Promise<Result>} of a press that names a person: `answer.ticket`, or code `not_arrived`
   */
  goOn(kept) {
    const { body } = kept;
    if (body) return this._until(kept.name, () => this._once(kept.path, body, kept.key), kept.atMs);
    return this._until(kept.name, () => this._once("find/tickets", { key: kept.key }, null), kept.atMs).then((result) => {
      if (!result.ok) return result;
      const [found] = result.answer.tickets;
      return found ? { ok: true, answer: { ticket: found.ticket } } : { ok: false, problem: { code: "not_arrived" } };
    });
  }

  /**
   * Ask for something that changes nothing.
   * @param {string} path
   * @param {Object|null} body null: a GET
   * @returns {Promise<Result>}
   */
  ask(path, body) {
    return this._once(path, body, null).then((result) => result || { ok: false, problem: { code: "unconfirmed" } });
  }

  /** @param {string} name @param {() => Promise<Result|null>} once @param {number} atMs @returns {Promise<Result>} */
  async _until(name, once, atMs) {
    this.pending = name;
    this._onChange();
    try {
      while (Math.abs(Date.now() - atMs) < COMMAND_MAX_MS) {
        const result = await once();
        if (result) {
          sessionStorage.removeItem(KEPT);
          return result;
        }
        await sleep(AGAIN_MS);
      }
      sessionStorage.removeItem(KEPT);
      return { ok: false, problem: { code: "unconfirmed" } };
    } finally {
      this.pending = "";
      this._onChange();
    }
  }

  /** @param {string} path @param {Object|null} body @param {string|null} key @returns {Promise<Result|null>} null: not answered */
  async _once(path, body, key) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), REQUEST_MS);
    /** @type {Object<string, string>} */
    const headers = { Authorization: `Bearer ${this._token}` };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    try {
      const response = await fetch(path ? `${this._base}/${path}` : this._base, { method: body ? "POST" : "GET", headers, body: body ? JSON.stringify(body) : undefined, signal: stop.signal });
      const answer = await response.json();
      if (response.ok) return { ok: true, answer };
      return response.status >= 500 || response.status === 429 ? null : { ok: false, problem: answer };
    } catch (error) {
      return null;
    } finally {
      window.clearTimeout(timer);
    }
  }
}
