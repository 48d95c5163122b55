/** The whole as a hall file, for whoever prefers to write it: read by the same checks, and taken over as the draft. */

import { attrs, el, fill } from "/static/dom.js";
import { t } from "/static/words.js";
import { mistakeSaid } from "/pages/editor/catalogue.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */
/** @typedef {import("/pages/editor/preview.js").Mistake} Mistake */

export class TextView {
  /**
   * @param {Context} context
   * @param {(toml: string) => Promise<{config: Object<string, any>|null, errors: Mistake[]}|null>} check
   */
  constructor(context, check) {
    this._context = context;
    this._check = check;
    this._written = "";
    this._area = /** @type {HTMLTextAreaElement} */ (el("textarea", { class: "toml", id: "toml", spellcheck: "false", readonly: !context.may(), wrap: "off" }));
    this._take = el("button", { type: "button", class: "act do-take", disabled: !context.may() }, t("editor.text.take"));
    this._found = el("ul", { class: "mistakes", id: "text-mistakes" });
    this._take.addEventListener("click", () => this._read());
    this.node = el(
      "div",
      { class: "text-part" },
      el("p", { class: "about" }, t("editor.text.about")),
      el("label", { for: "toml" }, t("editor.text.label")),
      this._area,
      el("div", { class: "tools" }, this._take),
      this._found,
    );
  }

  /** Whether something was written that is not in the draft yet. */
  get waits() {
    return this._area.value !== this._written;
  }

  /** Show the draft as a file, unless somebody is writing here. @param {string} toml */
  show(toml) {
    if (this.waits || this._area.value === toml) return;
    this._area.value = toml;
    this._written = toml;
  }

  /** Put the cursor at a line. @param {number} line from 1 */
  go(line) {
    const lines = this._area.value.split("\n");
    const start = lines.slice(0, Math.max(0, line - 1)).join("\n").length + (line > 1 ? 1 : 0);
    this._area.focus();
    this._area.setSelectionRange(start, start + (lines[line - 1] || "").length);
    this._area.scrollTop = (Math.max(0, line - 6) / Math.max(1, lines.length)) * this._area.scrollHeight;
  }

  _read() {
    const toml = this._area.value;
    attrs(this._take, { disabled: true });
    this._check(toml).then((answer) => {
      attrs(this._take, { disabled: false });
      if (answer === null) return;
      fill(
        this._found,
        answer.errors.map((one) => {
          const words = t("editor.text.line", Object.assign({ line: one.line, key: one.key }, mistakeSaid(one)));
          const button = el("button", { type: "button", class: "mistake" }, words);
          button.addEventListener("click", () => this.go(one.line));
          return el("li", {}, button);
        }),
      );
      if (answer.config === null) {
        this._context.say(t("editor.text.not"));
        return;
      }
      this._written = toml;
      this._context.draft.replace(answer.config);
      this._context.say(t("editor.text.taken"));
    });
  }
}
