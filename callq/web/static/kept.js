/**
 * Presses whose answers are awaited, kept in this tab until they are there: a page that is loaded again goes on with
 * each under its key, so that none is lost or doubled. A key counts for its presser alone: with another token in the
 * same tab a press would be done in that name, or done twice, so that it is dropped.
 */

const KEPT = "callq.presses:" + location.pathname;

/** Tells tokens apart, and gives none away (FNV-1a, 32 bits). @param {string} token */
function markOf(token) {
  let mark = 0x811c9dc5;
  for (let at = 0; at < token.length; at += 1) mark = Math.imul(mark ^ token.charCodeAt(at), 0x01000193) >>> 0;
  return mark;
}

/** How long ago a press was made, in ms; a clock that was set meanwhile makes none younger. @param {{atMs: number}} press by this device's clock */
export const ageOf = ({ atMs }) => Math.abs(Date.now() - atMs);

/**
 * @template {{key: string, atMs: number}} T a press: its idempotency key, when it was made by this device's clock, and what
 *   the page needs to go on with it; plain data
 */
export class KeptPresses {
  /** @param {string} token whoever presses @param {number} maxMs older than this a press is no longer what was wanted */
  constructor(token, maxMs) {
    this._mark = markOf(token);
    this._maxMs = maxMs;
  }

  /** @param {T} press @param {string} [about] what it is for, where several may be without an answer */
  keep(press, about = "") {
    const kept = this._read();
    delete kept[about];
    this._write(kept);
    try {
      this._write(Object.assign(kept, { [about]: { mark: this._mark, press } }));
    } catch (error) {
      // No room: it goes on as long as the page does.
    }
  }

  /** The press that was not seen answered; null: none, too old to count, or somebody else's. @param {string} [about] @returns {T|null} */
  find(about = "") {
    const kept = this._read();
    this._write(kept);
    return kept[about] ? kept[about].press : null;
  }

  /** @param {string} [about] */
  forget(about = "") {
    const kept = this._read();
    delete kept[about];
    this._write(kept);
  }

  /** Forget all that are for something of a kind. @param {string} begins how `about` begins */
  forgetAll(begins) {
    const kept = this._read();
    Object.keys(kept).forEach((about) => {
      if (about.indexOf(begins) === 0) delete kept[about];
    });
    this._write(kept);
  }

  /** Those that still count. @returns {Object<string, {mark: number, press: T}>} */
  _read() {
    /** @type {Object<string, {mark: number, press: T}>} */
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
    Object.keys(kept).forEach((about) => {
      const { mark, press } = kept[about];
      if (mark !== this._mark || ageOf(press) >= this._maxMs) delete kept[about];
    });
    return kept;
  }

  /** @param {Object<string, {mark: number, press: T}>} kept */
  _write(kept) {
    if (Object.keys(kept).length) sessionStorage.setItem(KEPT, JSON.stringify(kept));
    else sessionStorage.removeItem(KEPT);
  }
}
