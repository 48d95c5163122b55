/** Vibration, once for each news: a browser allows it only after its owner has touched the page. */

/** @type {Object<string, number[]>} milliseconds on, off, on, … */
const PATTERNS = { near: [250, 150, 250], called: [600, 200, 600, 200, 600] };

export class Buzzer {
  constructor() {
    this._can = typeof navigator.vibrate === "function";
    this._touched = false;
    /** What was told last; null before the first news: what was so before is none. @type {string|null} */
    this._told = null;
    /** @type {() => void} */
    this.onChange = () => undefined;
    const touch = () => {
      if (this._touched) return;
      this._touched = true;
      this.onChange();
    };
    document.addEventListener("pointerdown", touch);
    document.addEventListener("keydown", touch);
  }

  /** `on`: it will vibrate; `tap`: it would after a touch; `none`: this phone's browser cannot. @returns {"on"|"tap"|"none"} */
  get state() {
    if (!this._can) return "none";
    return this._touched ? "on" : "tap";
  }

  /**
   * @param {string} news vibrates only when this differs from what was told last
   * @param {"near"|"called"|null} pattern null: nothing to vibrate for
   */
  tell(news, pattern) {
    if (news === this._told) return;
    const first = this._told === null;
    this._told = news;
    if (pattern && !first && this._can) navigator.vibrate(PATTERNS[pattern]);
  }
}
