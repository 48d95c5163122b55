/**
 * The press whose answer is awaited, kept in this tab until it is there: a page that is loaded again
 * sends it once more with the same key, so that it is neither lost nor doubled.
 */

const KEPT = "callq.press:" + location.pathname;

/**
 * @template {{key: string, atMs: number}} T a press: its idempotency key, when it was made by this device's clock, and what
 *   the page needs to go on with it; plain data
 */
export class KeptPress {
  /** @param {number} maxMs older than this it is no longer what was wanted */
  constructor(maxMs) {
    this._maxMs = maxMs;
  }

  /** @param {T} press */
  keep(press) {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(press));
    } catch (error) {
      // No room: it goes on as long as the page does.
      this.forget();
    }
  }

  forget() {
    sessionStorage.removeItem(KEPT);
  }

  /** The press that an earlier life of this page did not see answered; null: none, or too old to count. @returns {T|null} */
  find() {
    const kept = sessionStorage.getItem(KEPT);
    if (kept === null) return null;
    /** @type {T} */
    const press = JSON.parse(kept);
    if (Math.abs(Date.now() - press.atMs) < this._maxMs) return press;
    this.forget();
    return null;
  }
}
