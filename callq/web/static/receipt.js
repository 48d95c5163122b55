/** The line at the bottom of an acting page: what was confirmed, refused or is still under way. It covers nothing. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape } from "/static/dom.js";

const LOUD_MS = { done: 8000, refused: 15000, pending: Infinity };

export class Receipt {
  /** @param {string} line id of what is coloured: the receipt itself, or a line in which it stands with others */
  constructor(line) {
    this._line = line;
    this._quiet = 0;
  }

  /**
   * @param {"done"|"refused"|"pending"} kind
   * @param {string} words
   * @param {number} nowMs server time
   * @param {string} timezone
   */
  show(kind, words, nowMs, timezone) {
    const node = byId("receipt");
    const line = byId(this._line);
    const drawn = { done: "tick", refused: "triangle", pending: "clock" }[kind];
    attrs(node, { "data-kind": kind });
    attrs(line, { "data-kind": kind, "data-loud": true });
    fill(node, [
      shape(/** @type {import("/static/dom.js").Shape} */ (drawn)),
      el("span", { class: "when" }, hourMinute(nowMs, timezone)),
      el("span", { class: "what" }, words),
    ]);
    window.clearTimeout(this._quiet);
    if (LOUD_MS[kind] !== Infinity) {
      this._quiet = window.setTimeout(() => attrs(line, { "data-loud": false }), LOUD_MS[kind]);
    }
  }
}
