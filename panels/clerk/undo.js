/** Beside the receipt: what can be taken back, and for how long still. */

import { attrs, byId, text } from "/static/dom.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Undoable} Undoable */

export class Undo {
  /** @param {() => void} onUndo */
  constructor(onUndo) {
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
   * What can be taken back, with the time that is left for it.
   * @param {Undoable|null} undo
   * @param {number} nowMs server time
   */
  render(undo, nowMs) {
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
