/**
 * A press that takes a number: once, whatever the network does. It is sent again with the same key until it
 * is answered. One that nobody answered in time may have given a number all the same: the same person's next
 * press for the same thing goes with its key, so that the number is found and not a second one given.
 */

import { randomKey } from "/static/feed.js";

/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {{ok: true, answer: any} | {ok: false, problem: Problem}} Result */

const KEPT = "callq.kiosk.press";
const AGAIN_MS = 700;
const REQUEST_MS = 8000;
const GIVEN_UP_MS = 20000;
/** An unanswered press is no longer anybody's then, whoever stands there. */
const KEPT_MS = 2 * 60 * 1000;
const ISSUE = "tickets";

/** @param {number} ms @returns {Promise<void>} */
const sleep = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

/**
 * Whether the number that an earlier press gave, unseen, is of no use any more: it was called, or is over, or
 * the desk has found it for whoever pressed.
 * @param {string} path
 * @param {Object<string, any>} body
 * @param {Result} result
 */
function isSpent(path, body, result) {
  if (path !== ISSUE || result.ok !== true) return false;
  /** @type {Ticket} */
  const ticket = result.answer.ticket;
  const called = ticket.state !== "waiting" || ticket.calls > 0 || ticket.returned !== null;
  const printed = Boolean(ticket.print && ticket.print.copy > 1);
  const changed = ticket.class !== "ordinary" || Boolean(ticket.bound) || (body.service !== undefined && ticket.service !== body.service);
  return called || printed || changed || Boolean(ticket.accompanied_ms) || Boolean(ticket.prechecked_ms);
}

export class Presses {
  /** @param {string} hall @param {string} token */
  constructor(hall, token) {
    this._base = `/v1/halls/${encodeURIComponent(hall)}/`;
    this._token = token;
    this.busy = false;
  }

  /**
   * Send something that acts, once.
   * @param {string} path below the hall
   * @param {Object<string, any>} body
   * @returns {Promise<Result>} code `unconfirmed` when nobody answered
   */
  async send(path, body) {
    this.busy = true;
    const about = `${path} ${JSON.stringify(body)}`;
    const kept = this._unanswered(about);
    let key = kept || randomKey();
    this._keep(about, key);
    const began = performance.now();
    try {
      while (performance.now() - began < GIVEN_UP_MS) {
        const result = await this._once("POST", path, body, key);
        if (result && key === kept && isSpent(path, body, result)) {
          key = randomKey();
          this._keep(about, key);
        } else if (result) {
          this._keep(about, null);
          return result;
        } else {
          await sleep(AGAIN_MS);
        }
      }
      return { ok: false, problem: { code: "unconfirmed" } };
    } finally {
      this.busy = false;
    }
  }

  /**
   * Ask for something that changes nothing.
   * @param {string} path
   * @param {Object<string, any>} body
   * @returns {Promise<Result>}
   */
  async find(path, body) {
    const result = await this._once("POST", path, body, null);
    return result || { ok: false, problem: { code: "unconfirmed" } };
  }

  /** @param {string} path below the hall @returns {Promise<Result>} */
  async read(path) {
    const result = await this._once("GET", path, null, null);
    return result || { ok: false, problem: { code: "unconfirmed" } };
  }

  /** Whoever pressed has gone: a number that they did not see is nobody else's. */
  forget() {
    const kept = this._kept();
    Object.keys(kept).forEach((about) => {
      if (about.indexOf(`${ISSUE} `) === 0) delete kept[about];
    });
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  /** Presses without an answer, by what they were for. @returns {Object<string, {key: string, at: number}>} */
  _kept() {
    /** @type {Object<string, {key: string, at: number}>} */
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
    Object.keys(kept).forEach((about) => {
      if (Date.now() - kept[about].at > KEPT_MS) delete kept[about];
    });
    return kept;
  }

  /** @param {string} about @returns {string|null} */
  _unanswered(about) {
    const kept = this._kept()[about];
    return kept ? kept.key : null;
  }

  /** @param {string} about @param {string|null} key null: it was answered */
  _keep(about, key) {
    const kept = this._kept();
    if (key) kept[about] = { key, at: Date.now() };
    else delete kept[about];
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  /** @param {string} method @param {string} path @param {Object|null} body @param {string|null} key @returns {Promise<Result|null>} null: not answered */
  async _once(method, path, body, key) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), REQUEST_MS);
    /** @type {Object<string, string>} */
    const headers = { Authorization: `Bearer ${this._token}`, "Content-Type": "application/json" };
    if (key) headers["Idempotency-Key"] = key;
    try {
      const response = await fetch(this._base + path, { method, headers, body: body && JSON.stringify(body), signal: stop.signal });
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
