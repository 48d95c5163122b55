/** One sheet for all acts: it takes the place of the queues, covers nothing, and Esc closes it. */

import { attrs, byId, el, fill } from "/static/dom.js";
import { t } from "/static/words.js";

/** @typedef {import("/pages/floor/form.js").Content} Content */

export class Sheet {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this._onChange = onChange;
    /** @type {Content|null} */
    this._content = null;
    /** Where the focus goes when it closes. @type {() => HTMLElement|null} */
    this._from = () => null;
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || !this._content) return;
      event.preventDefault();
      this.close();
    });
  }

  /** What it is about, or null while it is closed. */
  get key() {
    return this._content ? this._content.key : null;
  }

  /**
   * @param {Content} content
   * @param {HTMLElement|null} from the button that opened it; null: stay with the one before
   */
  open(content, from) {
    this._content = content;
    if (from) this._from = () => (from.isConnected ? from : null);
    const close = el("button", { type: "button", class: "close" }, t("floor.close"), el("kbd", { class: "cap" }, "Esc"));
    close.addEventListener("click", () => this.close());
    content.head.id = "sheet-title";
    const node = byId("sheet");
    fill(node, [el("header", { class: "sheet-head" }, content.head, close), content.body]);
    attrs(node, { hidden: false, "data-about": content.key, "aria-labelledby": "sheet-title", tabindex: "-1" });
    attrs(byId("queues-card"), { hidden: true });
    attrs(byId("below"), { hidden: true });
    content.update();
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
    this._onChange();
  }

  close() {
    if (!this._content) return;
    this._content = null;
    attrs(byId("sheet"), { hidden: true, "data-about": null });
    fill(byId("sheet"), []);
    attrs(byId("queues-card"), { hidden: false });
    attrs(byId("below"), { hidden: false });
    const from = this._from();
    if (from) from.focus();
    this._onChange();
  }

  /** Show what has changed; closed by itself when what it is about is gone. */
  update() {
    if (this._content && !this._content.update()) this.close();
  }
}
