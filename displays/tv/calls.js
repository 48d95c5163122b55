/**
 * The order in which calls are shown: each new one in turn, the newest rests. Two calls in the same
 * second would otherwise hide each other. No page in here, so that it can be read by itself.
 */

/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

/** How long a call keeps the large place while others wait behind it. */
export const HOLD_MS = 3000;
/** Every new call is highlighted this long, in the large place or in the list after it. */
export const HIGHLIGHT_MS = 8000;
/** A call older than this is history: it goes to the list without being announced. */
export const FRESH_MS = 30000;
/** How many may wait for the large place. In a rush the oldest go to the list at once, where they are read as well. */
export const WAITING_MAX = 3;

/** @param {BoardCall} call */
const keyOf = (call) => `${call.number}@${call.at_ms}`;

/** As many calls as the server lists. */
const LISTED = 12;

/**
 * Whether a call is not in the list though it would have a place there: one that a rush has pushed out stays for its time.
 * @param {BoardCall} call
 * @param {BoardCall[]} calls newest first
 */
function isTakenBack(call, calls) {
  const listed = calls.some((other) => other.number === call.number);
  return !listed && (calls.length < LISTED || call.at_ms > calls[calls.length - 1].at_ms);
}

export class CallQueue {
  /** @param {(call: BoardCall|null, fresh: boolean) => void} onShow */
  constructor(onShow) {
    this._onShow = onShow;
    /** @type {BoardCall[]} newest first, as the server has them */
    this._calls = [];
    /** @type {Set<string>|null} null until the first data: what was called before is not news */
    this._seen = null;
    /** @type {string[]} keys, oldest first */
    this._queue = [];
    /** The call that is shown large, as it stands now. @type {BoardCall|null} */
    this.shown = null;
    this._timer = 0;
    /** When a call was first to be seen, by its key; `performance.now()`. @type {Map<string, number>} */
    this._seenFrom = new Map();
  }

  /** Whether a call has not been highlighted for its time yet. @param {BoardCall} call */
  isFresh(call) {
    const from = this._seenFrom.get(keyOf(call));
    return from !== undefined && performance.now() - from < HIGHLIGHT_MS;
  }

  /** The other calls that have been shown, newest first. @returns {BoardCall[]} */
  get recent() {
    const number = this.shown ? this.shown.number : null;
    return this._calls.filter((call) => call.number !== number && this._queue.indexOf(keyOf(call)) < 0);
  }

  /**
   * @param {BoardCall[]} calls newest first
   * @param {number} nowMs server time
   */
  update(calls, nowMs) {
    const seen = this._seen;
    this._calls = calls;
    this._seen = new Set(calls.map(keyOf));
    if (seen !== null) {
      const news = calls.filter((call) => !seen.has(keyOf(call)) && nowMs - call.at_ms < FRESH_MS);
      this._queue = this._queue.concat(news.reverse().map(keyOf));
    }
    const known = this._seen;
    // Those called again or withdrawn meanwhile need not be shown any more.
    const queued = this._queue.filter((key) => known.has(key));
    this._queue = queued.slice(-WAITING_MAX);
    queued.slice(0, -WAITING_MAX).forEach((key) => this._seenFrom.set(key, performance.now()));
    this._seenFrom.forEach((_, key) => known.has(key) || this._seenFrom.delete(key));
    const before = this.shown;
    this.shown = before && (calls.find((call) => call.number === before.number) || before);
    if (before && isTakenBack(before, calls)) {
      window.clearTimeout(this._timer);
      this._timer = 0;
    }
    if (this._timer === 0) this._advance();
  }

  _advance() {
    const key = this._queue.shift();
    if (key === undefined) {
      this._timer = 0;
      // Nothing new: the newest rests, and one that was cancelled makes room.
      this.shown = this._calls[0] || null;
      this._onShow(this.shown, false);
      return;
    }
    this.shown = this._calls.find((call) => keyOf(call) === key) || null;
    this._seenFrom.set(key, performance.now());
    this._onShow(this.shown, true);
    this._timer = window.setTimeout(() => this._advance(), HOLD_MS);
  }
}
