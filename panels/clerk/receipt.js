/** The line at the bottom: what was confirmed, refused or is still under way, and what can be taken back. It covers nothing. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Undoable} Undoable */

const LOUD_MS = { done: 8000, refused: 15000, pending: Infinity };

export class Receipt {
  /** @param {() => void} onUndo */
  constructor(onUndo) {
    this._quiet = 0;
    /** The longest that the present act could be taken back. */
    this._whole = { ticket: "", untilMs: 0, ms: 1 };
    const button = byId("undo");
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      onUndo();
      button.blur();
    });
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
    attrs(node, { "data-kind": kind });
    attrs(byId("receipt-line"), { "data-kind": kind, "data-loud": true });
    fill(node, [
      shape(/** @type {import("/static/dom.js").Shape} */ (drawn)),
      el("span", { class: "when" }, hourMinute(nowMs, timezone)),
      el("span", { class: "what" }, words),
    ]);
    window.clearTimeout(this._quiet);
    if (LOUD_MS[kind] !== Infinity) {
      this._quiet = window.setTimeout(() => attrs(byId("receipt-line"), { "data-loud": false }), LOUD_MS[kind]);
    }
  }

  /**
   * What can be taken back, with the time that is left for it.
   * @param {Undoable|null} undo
   * @param {number} nowMs server time
   */
  renderUndo(undo, nowMs) {
    const left = undo ? undo.until_ms - nowMs : 0;
    const open = undo !== null && left > 0;
    attrs(byId("receipt-line"), { "data-undo": open });
    attrs(byId("undo-part"), { hidden: !open });
    attrs(byId("undo-bar"), { hidden: !open });
    if (!undo || !open) return;
    if (this._whole.ticket !== undo.ticket || this._whole.untilMs !== undo.until_ms) {
      this._whole = { ticket: undo.ticket, untilMs: undo.until_ms, ms: left };
    }
    text(byId("undo-name"), t("panel.act.undo"));
    text(byId("undo-left"), t("panel.undo.left", { n: Math.max(1, Math.round(left / 1000)) }));
    attrs(byId("undo"), { title: t(`panel.undo.${undo.act}`, { number: undo.number }) });
    byId("undo-bar").style.width = `${Math.min(100, (left / this._whole.ms) * 100).toFixed(1)}%`;
  }
}
