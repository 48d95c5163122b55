/** A list of the hall as a list of its rows, and the form of the one that is chosen. */

import { attrs, el, fill } from "/static/dom.js";
import { onPress } from "/static/press.js";
import { named, t } from "/static/words.js";
import { said } from "/pages/editor/catalogue.js";
import { Form, newRow } from "/pages/editor/form.js";
import { copied } from "/pages/editor/paths.js";
import { dropped, references } from "/pages/editor/references.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */

/** From so many rows on there is a field to look for one. */
const MANY = 12;

export class Rows {
  /** @param {Context} context @param {string} section top-level key */
  constructor(context, section) {
    this._context = context;
    this._section = section;
    this._form = new Form(context);
    this._at = 0;
    this._wanted = "";
    this._removing = false;
    this.node = el("div", { class: "rows", "data-section": section });
    /** @type {HTMLElement} */
    this._list = el("ul", { class: "row-list", "aria-label": said(context.catalogue.top(section)) });
    this._list.addEventListener("keydown", (event) => this._key(event));
    this._detail = el("div", { class: "row-detail" });
    this._search = /** @type {HTMLInputElement} */ (el("input", { type: "search", class: "search", "aria-label": t("editor.search"), placeholder: t("editor.search") }));
    this._search.addEventListener("input", () => {
      this._wanted = this._search.value.trim().toLowerCase();
      this._drawList();
    });
    const tools = el("div", { class: "tools" });
    /** @type {[string, import("/static/words.js").Key, () => void][]} */
    const acts = [
      ["add", "editor.add", () => this._add(newRow(context.catalogue, context.draft.data, this._kind.name))],
      ["copy", "editor.copy", () => this._copy()],
      ["up", "editor.up", () => this._move(-1)],
      ["down", "editor.down", () => this._move(1)],
      ["remove", "editor.remove", () => this._ask()],
    ];
    acts.forEach(([name, words, act]) => {
      const button = el("button", { type: "button", class: `act do-${name}`, disabled: !context.may() }, t(words));
      button.addEventListener("click", act);
      tools.append(button);
    });
    this.node.append(el("div", { class: "row-side" }, tools, this._search, this._list), this._detail);
  }

  get _kind() {
    return this._context.catalogue.rowsOf(this._section);
  }

  /** @returns {any[]} */
  get _rows() {
    return this._context.draft.get(this._section) || [];
  }

  /** Show a row, e.g. one with a mistake. @param {number} at */
  choose(at) {
    this._at = at;
    this._removing = false;
    this._wanted = this._search.value = "";
    this.draw();
  }

  /** @param {string} code */
  chooseCode(code) {
    const at = this._rows.findIndex((row) => row[this._kind.row_key] === code);
    if (at >= 0) this.choose(at);
  }

  /** All of it anew. */
  draw() {
    this._at = Math.max(0, Math.min(this._at, this._rows.length - 1));
    attrs(this._search, { hidden: this._rows.length < MANY });
    this._drawList();
    this._drawDetail();
  }

  /** Names may have changed, nothing else. */
  refresh() {
    this._list.querySelectorAll("[data-at]").forEach((node) => {
      const row = this._rows[Number(node.getAttribute("data-at"))];
      if (row) fill(/** @type {HTMLElement} */ (node), this._named(row));
    });
  }

  /** @param {any} row @returns {HTMLElement[]} */
  _named(row) {
    const code = String(row[this._kind.row_key] || "");
    const name = named(row.name || row.label || row.text || "", row.name_en || "");
    const mark = row.prefix || (row.name ? "" : row.label) || "";
    return [
      ...(row.prefix ? [el("span", { class: "prefix" }, mark)] : []),
      el("span", { class: "name" }, this._section === "windows" ? t("editor.windowNo", { label: row.label || "" }) : String(name || code)),
      el("span", { class: "code" }, code),
    ];
  }

  _drawList() {
    const shown = this._rows
      .map((row, at) => ({ row, at }))
      .filter(({ row }) => !this._wanted || JSON.stringify(row).toLowerCase().indexOf(this._wanted) >= 0);
    // One of them is reached by Tab, the others from there by arrows: a large hall has hundreds.
    const entry = shown.some(({ at }) => at === this._at) || shown.length === 0 ? this._at : shown[0].at;
    fill(
      this._list,
      shown.map(({ row, at }) => {
        const pressed = at === this._at ? "true" : "false";
        const button = el("button", { type: "button", class: "row", "data-at": at, "aria-pressed": pressed, tabindex: at === entry ? "0" : "-1" }, ...this._named(row));
        button.addEventListener("click", () => {
          this._at = at;
          this._removing = false;
          this._list.querySelectorAll(".row").forEach((node) => {
            attrs(node, { "aria-pressed": node === button ? "true" : "false", tabindex: node === button ? "0" : "-1" });
          });
          this._drawDetail();
        });
        return el("li", {}, button);
      }),
    );
    attrs(this._list, { "data-empty": shown.length === 0 ? t("editor.noRows") : null });
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    const rows = /** @type {HTMLElement[]} */ (Array.from(this._list.querySelectorAll(".row")));
    const here = rows.indexOf(/** @type {HTMLElement} */ (event.target));
    /** @type {Object<string, number>} */
    const to = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: rows.length - 1 };
    const next = rows[to[event.key]];
    if (here < 0 || !next) return;
    next.click();
    next.focus();
    event.preventDefault();
  }

  /** Put the cursor on the row that is chosen. */
  _focusRow() {
    const row = this._list.querySelector('.row[aria-pressed="true"]');
    if (row) /** @type {HTMLElement} */ (row).focus();
  }

  _drawDetail() {
    const row = this._rows[this._at];
    if (!row) {
      fill(this._detail, [el("p", { class: "none" }, t("editor.noRow"))]);
      return;
    }
    const path = `${this._section}[${this._at}]`;
    fill(this._detail, [...(this._removing ? [this._question(row)] : []), this._form.of(this._kind.name, path)]);
  }

  /** @param {any} row */
  _add(row) {
    const rows = this._rows.concat(row);
    this._context.draft.set(this._section, rows);
    this.choose(rows.length - 1);
    const first = this._detail.querySelector("input");
    if (first) /** @type {HTMLElement} */ (first).focus();
  }

  _copy() {
    const row = this._rows[this._at];
    if (!row) return;
    const made = copied(row);
    const key = this._kind.row_key;
    if (typeof made[key] === "string") made[key] = this._free(made[key]);
    if (made.prefix !== undefined) made.prefix = "";
    if (made.label !== undefined) made.label = "";
    this._add(made);
  }

  /** A code like this one that no row has. @param {string} code */
  _free(code) {
    const taken = this._rows.map((row) => row[this._kind.row_key]);
    const stem = code.replace(/-?\d+$/, "") || code;
    for (let n = taken.length + 1; ; n += 1) {
      const next = /\d$/.test(code) && stem.length < code.length ? `${stem}${n}` : `${stem}-${n}`;
      if (taken.indexOf(next) < 0) return next;
    }
  }

  /** @param {number} by */
  _move(by) {
    const rows = this._rows.slice();
    const to = this._at + by;
    if (to < 0 || to >= rows.length) return;
    const [row] = rows.splice(this._at, 1);
    rows.splice(to, 0, row);
    this._context.draft.set(this._section, rows);
    this.choose(to);
  }

  _ask() {
    if (!this._rows[this._at]) return;
    this._removing = true;
    this._drawDetail();
    const yes = this._detail.querySelector(".do-yes");
    if (yes) /** @type {HTMLElement} */ (yes).focus();
  }

  /** Whether to remove a row, and what refers to it. @param {any} row */
  _question(row) {
    const code = String(row[this._kind.row_key] || "");
    const found = references(this._context.catalogue, this._context.draft.data, this._section, row);
    const yes = el("button", { type: "button", class: "act do-yes" }, t("editor.removeYes"));
    const no = el("button", { type: "button", class: "act do-no" }, t("editor.removeNo"));
    onPress(yes, () => this._remove(found));
    no.addEventListener("click", () => {
      this._removing = false;
      this._drawDetail();
      this._focusRow();
    });
    const words = found.length > 0 ? t("editor.removeRefers", { n: found.length }) : t("editor.removeFree");
    return el(
      "div",
      { class: "question", role: "group", "aria-label": t("editor.remove") },
      el("p", {}, el("strong", {}, t("editor.removeAsk", { name: row.name || row.label || code })), words),
      el("ul", {}, ...found.slice(0, 12).map((one) => el("li", {}, one.words))),
      el("div", { class: "tools" }, yes, no),
    );
  }

  /** @param {import("/pages/editor/references.js").Reference[]} found */
  _remove(found) {
    const at = this._at;
    dropped(this._context.draft.data, found);
    const rows = this._rows.filter((_, other) => other !== at);
    this._context.draft.set(this._section, rows.length > 0 ? rows : undefined);
    this.choose(Math.min(at, rows.length - 1));
    this._focusRow();
  }
}
