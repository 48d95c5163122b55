/** Nobody there: first a question, 15 seconds later the page as it was for whoever comes next. */

const ASKED_AFTER_MS = 60000;
const LEFT_AFTER_MS = 75000;

export class Idle {
  /**
   * @param {{onAsk: (seconds: number|null) => void, onLeft: () => void, onCome: () => void}} told onAsk: null: somebody is
   *   there again; onCome: somebody comes, who is not taken for the one before
   */
  constructor(told) {
    this._told = told;
    this._touchedMs = performance.now();
    /** When somebody was there last; `_touchedMs` is put forward while nobody has to be waited for. */
    this._seenMs = performance.now();
    this._asking = false;
    ["pointerdown", "keydown"].forEach((kind) => document.addEventListener(kind, () => this.see(), true));
  }

  /** Somebody does something. */
  see() {
    const now = performance.now();
    if (now - this._seenMs >= LEFT_AFTER_MS) this._told.onCome();
    this._seenMs = now;
    this.touch();
  }

  /** Somebody is there. */
  touch() {
    this._touchedMs = performance.now();
    if (this._asking) this._told.onAsk(null);
    this._asking = false;
  }

  /** Seconds until the page is given up. */
  get leftS() {
    return Math.max(0, Math.ceil((LEFT_AFTER_MS - (performance.now() - this._touchedMs)) / 1000));
  }

  /** Once a second. @param {boolean} waits whether the page is somebody's */
  tick(waits) {
    if (!waits) {
      this.touch();
      return;
    }
    const quietMs = performance.now() - this._touchedMs;
    if (quietMs >= LEFT_AFTER_MS) {
      this.touch();
      this._told.onLeft();
    } else if (quietMs >= ASKED_AFTER_MS) {
      this._asking = true;
      this._told.onAsk(this.leftS);
    }
  }
}
