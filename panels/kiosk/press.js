/**
 * A press that takes a number: once, whatever the network does. It is sent again with the same key until it
 * is answered. One that nobody answered in time may have given a number all the same: the next press for the
 * same service or matter goes with its key, so that the number is found and not a second one given. Whose it is,
 * the person at the kiosk has to say.
 */

import { Door } from "/static/door.js";
import { randomKey } from "/static/feed.js";
import { KeptPresses } from "/static/kept.js";

/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/static/door.js").Result} Result */
/** @typedef {{key: string, atMs: number, bodies: Object<string, any>[]}} Kept bodies: all that went with the key; one of them may have been accepted */
/** @typedef {Result & {before?: boolean}} Taken before: an earlier press took the number that is answered */

const GIVEN_UP_MS = 20000;
/** An unanswered press is no longer anybody's then, whoever stands there. */
const KEPT_MS = 2 * 60 * 1000;
const ISSUE = "tickets";

/** What a press is for: a service or a matter, whatever else is asked for with it. @param {string} path @param {Object<string, any>} body */
const aboutOf = (path, { item = "", service = "" }) => `${path} ${item} ${service}`;

/**
 * Whether the number that an earlier press gave, unseen, is of no use any more: it was called, or is over, or
 * the desk has found it for whoever pressed.
 * @param {Ticket} ticket
 * @param {Object<string, any>} body
 */
function isSpent(ticket, { item, service }) {
  const called = ticket.state !== "waiting" || ticket.calls > 0 || ticket.returned !== null;
  const printed = Boolean(ticket.print && ticket.print.copy > 1);
  const elsewhere = (service !== undefined && ticket.service !== service) || (item !== undefined && ticket.item !== item);
  const changed = ticket.class !== "ordinary" || Boolean(ticket.bound) || elsewhere;
  return called || printed || changed || Boolean(ticket.accompanied_ms) || Boolean(ticket.prechecked_ms);
}

export class Presses {
  /** @param {string} hall @param {string} token @param {() => number} revision of the hall, as it is shown */
  constructor(hall, token, revision) {
    this._door = new Door(hall, token);
    /** @type {KeptPresses<Kept>} */
    this._kept = new KeptPresses(token, KEPT_MS);
    this._revision = revision;
    this.busy = false;
  }

  /**
   * Send something that acts, once.
   * @param {string} path below the hall
   * @param {Object<string, any>} body
   * @returns {Promise<Taken>} code `unconfirmed` when nobody answered; a number of `before` is kept until `settle`
   */
  async send(path, body) {
    this.busy = true;
    const seen = this._revision();
    const untilMs = performance.now() + GIVEN_UP_MS;
    try {
      const kept = this._kept.find(aboutOf(path, body));
      if (kept) {
        const result = await this._sendAgain(path, body, kept, untilMs);
        if (!result.ok || path !== ISSUE) return result;
        /** @type {Ticket} */
        const ticket = result.answer.ticket;
        if (!isSpent(ticket, body)) {
          const before = result.answer.revision <= seen;
          if (!before) this.settle(path, body);
          return Object.assign({ before }, result);
        }
      }
      const result = await this._sendOnce(path, body, randomKey(), [body], untilMs);
      if (result.ok) this.settle(path, body);
      return result;
    } finally {
      this.busy = false;
    }
  }

  /**
   * With the key of a press that nobody answered: where that one arrived with other wishes, what it gave.
   * @param {string} path
   * @param {Object<string, any>} body
   * @param {Kept} kept
   * @param {number} untilMs by `performance.now()`
   * @returns {Promise<Result>}
   */
  async _sendAgain(path, body, { key, bodies }, untilMs) {
    const all = [body].concat(bodies.filter((one) => JSON.stringify(one) !== JSON.stringify(body)));
    let result = await this._sendOnce(path, body, key, all, untilMs);
    for (const other of all.slice(1)) {
      if (result.ok || result.problem.code !== "idempotency_conflict") break;
      result = await this._sendOnce(path, other, key, all, untilMs);
    }
    if (result.ok && path !== ISSUE) this.settle(path, body);
    return result;
  }

  /** @param {string} path @param {Object<string, any>} body @param {string} key @param {Object<string, any>[]} bodies @param {number} untilMs @returns {Promise<Result>} */
  async _sendOnce(path, body, key, bodies, untilMs) {
    this._kept.keep({ key, atMs: Date.now(), bodies }, aboutOf(path, body));
    const result = await this._door.act(path, body, key, untilMs - performance.now());
    const refused = !result.ok && result.problem.code !== "unconfirmed" && result.problem.code !== "idempotency_conflict";
    if (refused) this.settle(path, body);
    return result;
  }

  /** The press for this is answered, and whose the number is, is known. @param {string} path @param {Object<string, any>} body */
  settle(path, body) {
    this._kept.forget(aboutOf(path, body));
  }

  /**
   * Ask for something that changes nothing.
   * @param {string} path below the hall
   * @param {Object<string, any>} [body]
   * @returns {Promise<Result>}
   */
  ask(path, body) {
    return this._door.ask(path, body);
  }

  /** Whoever pressed has gone: a number that they did not see is nobody else's. */
  forget() {
    this._kept.forgetAll(`${ISSUE} `);
  }
}
