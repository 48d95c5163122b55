/**
 * On a page that scrolls, narrow or enlarged to 200%, what was just asked for comes into sight; when it is over,
 * what stood there before comes back.
 */
export class Sight {
  constructor() {
    /** @type {HTMLElement|null} */
    this._shown = null;
    this._before = 0;
  }

  /** @param {HTMLElement|null} node what is asked for now; null: nothing */
  bring(node) {
    if (node === this._shown) return;
    if (this._shown === null) this._before = window.scrollY;
    this._shown = node;
    if (node) node.scrollIntoView({ block: "start" });
    else window.scrollTo(0, this._before);
  }
}
