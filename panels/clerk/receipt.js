/** The line at the bottom: what was confirmed, refused or is still under way. It covers nothing. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape } from "/static/dom.js";

const LOUD_MS = { done: 8000, refused: 15000, pending: Infinity };

export class Receipt {
  constructor() {
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
    const drawn = { done: "tick", refused: "triangle", pending: "clock" }[kind];
    attrs(node, { "data-kind": kind, "data-loud": true });
    fill(node, [
      shape(/** @type {import("/static/dom.js").Shape} */ (drawn)),
      el("span", { class: "when" }, hourMinute(nowMs, timezone)),
      el("span", { class: "what" }, words),
    ]);
    window.clearTimeout(this._quiet);
    if (LOUD_MS[kind] !== Infinity) {
      this._quiet = window.setTimeout(() => attrs(node, { "data-loud": false }), LOUD_MS[kind]);
    }
  }

  /** Take a pending line away without an answer to show. */
  clear() {
    attrs(byId("receipt"), { "data-kind": null, "data-loud": false });
    fill(byId("receipt"), []);
  }
}
