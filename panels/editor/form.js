/**
 * Forms made from the catalogue: one control for each key, with its unit, what it is for, and what is wrong with it.
 * A control writes into the draft as soon as it is changed; what is empty and has a default is left out.
 */

import { attrs, el, fill } from "/static/dom.js";
import { t } from "/static/words.js";
import { listed, mistakeSaid, said, skillsOf } from "/pages/editor/catalogue.js";

/** @typedef {import("/pages/editor/catalogue.js").Catalogue} Catalogue */
/** @typedef {import("/pages/editor/catalogue.js").Field} Field */
/** @typedef {import("/pages/editor/draft.js").Draft} Draft */

/**
 * @typedef {Object} Context what every form works with
 * @property {Catalogue} catalogue
 * @property {Draft} draft
 * @property {() => boolean} may whether whoever looks may change anything
 * @property {() => void} again draw the present tab anew: rows came, went or moved
 * @property {(words: string) => void} say
 */

/** Texts that may have so many characters take a line of their own. */
const LONG = 120;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** Characters that an id of an element may not have. @param {string} path */
const idOf = (path) => `f-${path.replace(/[^A-Za-z0-9_-]+/g, "-")}`;

export class Form {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
  }

  /**
   * Fields of a table.
   * @param {string} table
   * @param {string} path of the table; empty: the hall itself
   * @param {string[]} [keys] only these, in this order
   * @returns {HTMLElement}
   */
  of(table, path, keys) {
    const kind = this._context.catalogue.table(table);
    const fields = keys ? keys.map((key) => this._context.catalogue.field(table, key)) : kind.fields;
    return el("div", { class: "fields" }, ...fields.map((field) => this.field(field, path ? `${path}.${field.key}` : field.key)));
  }

  /** @param {Field} field @param {string} path @returns {HTMLElement} */
  field(field, path) {
    if (field.kind === "table") return this._table(field, path);
    if (field.kind === "tables") return this._tables(field, path);
    if (field.kind === "skills") return this._skills(field, path);
    if (field.kind === "choices" || (field.kind === "texts" && field.refers)) return this._checks(field, path);
    const control = this.control(field, path);
    const unit = said(field, "unit");
    return el(
      "div",
      { class: `field kind-${field.kind}${(field.max_chars || 0) >= LONG ? " wide" : ""}`, "data-path": path },
      el("label", { for: control.id }, said(field), ...(field.required ? [el("span", { class: "must" }, t("editor.must"))] : [])),
      el("div", { class: "control" }, control, ...(unit ? [el("span", { class: "unit" }, unit)] : [])),
      this._about(field, control.id),
      el("p", { class: "wrong", hidden: true }),
    );
  }

  /** What a key is for, with its range. @param {Field} field @param {string} id of the control */
  _about(field, id) {
    const parts = [said(field, "about")];
    if (field.low !== null && field.high !== null) parts.push(t("editor.range", { low: field.low, high: field.high }));
    if (field.max_chars !== null) parts.push(t("editor.chars", { n: field.max_chars }));
    if (!field.required && (field.kind === "int" || field.kind === "number") && field.default !== null) {
      parts.push(t("editor.default", { value: field.default }));
    }
    return el("p", { class: "about", id: `${id}-about` }, parts.filter(Boolean).join(t("editor.stop")));
  }

  /** The control of a plain value. @param {Field} field @param {string} path @returns {HTMLElement} */
  control(field, path) {
    const id = idOf(path);
    const common = { id, "data-control": path, "aria-describedby": `${id}-about`, disabled: !this._context.may() };
    const value = this._context.draft.get(path);
    if (field.kind === "bool") {
      const box = /** @type {HTMLInputElement} */ (el("input", Object.assign({ type: "checkbox" }, common)));
      box.checked = value === undefined ? Boolean(field.default) : Boolean(value);
      box.addEventListener("change", () => this._set(path, box.checked === Boolean(field.default) ? undefined : box.checked));
      return box;
    }
    if (field.kind === "choice" || (field.kind === "text" && field.refers)) return this._select(field, path, common, value);
    if (field.kind === "texts" || field.kind === "groups") {
      const area = /** @type {HTMLTextAreaElement} */ (el("textarea", Object.assign({ rows: 4, spellcheck: "false" }, common)));
      const lines = Array.isArray(value) ? value : [];
      area.value = lines.map((/** @type {any} */ one) => (Array.isArray(one) ? one.join(", ") : one)).join("\n");
      area.addEventListener("change", () => {
        const told = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
        const read = field.kind === "groups" ? told.map((line) => line.split(/[,，、\s]+/).filter(Boolean)) : told;
        this._set(path, read.length > 0 ? read : undefined);
      });
      return area;
    }
    const numeric = field.kind === "int" || field.kind === "number";
    const input = /** @type {HTMLInputElement} */ (
      el("input", Object.assign({ type: "text", inputmode: numeric ? "decimal" : null, autocomplete: "off", spellcheck: "false" }, common))
    );
    input.value = value === undefined || value === null ? "" : String(value);
    if (field.default !== null && field.default !== "" && !field.required) attrs(input, { placeholder: String(field.default) });
    const write = () => {
      const words = input.value.trim();
      if (!words) this._set(path, undefined);
      // What is no number is sent as it stands, and told to be none.
      else this._set(path, numeric && NUMBER.test(words) ? Number(words) : numeric ? words : input.value);
    };
    input.addEventListener("input", write);
    return input;
  }

  /** @param {Field} field @param {string} path @param {Object<string, any>} common @param {any} value */
  _select(field, path, common, value) {
    const select = /** @type {HTMLSelectElement} */ (el("select", common));
    /** @type {{value: any, name: string}[]} */
    const options = field.refers
      ? listed(this._context.draft.data, field.refers).map((one) => ({ value: one.code, name: one.name === one.code ? one.code : t("editor.coded", { name: one.name, code: one.code }) }))
      : field.choices.map((one) => ({ value: one.value, name: said(one) }));
    if (field.refers ? !field.required : field.nullable) options.unshift({ value: undefined, name: t("editor.none") });
    const shown = value === undefined && !field.refers && !field.nullable ? field.default : value;
    if (shown !== undefined && shown !== null && options.every((one) => one.value !== shown)) options.push({ value: shown, name: t("editor.unknown", { code: String(shown) }) });
    if (shown === undefined || shown === null) {
      if (options.every((one) => one.value !== undefined)) options.unshift({ value: undefined, name: t("editor.choose") });
    }
    options.forEach((one, at) => select.append(el("option", { value: at, selected: one.value === (shown === null ? undefined : shown) }, one.name)));
    select.addEventListener("change", () => {
      const chosen = options[Number(select.value)].value;
      this._set(path, !field.refers && chosen === field.default ? undefined : chosen);
    });
    return select;
  }

  /** Several of a closed set. @param {Field} field @param {string} path */
  _checks(field, path) {
    const draft = this._context.draft;
    const id = idOf(path);
    const options = field.refers
      ? listed(draft.data, field.refers).map((one) => ({ value: one.code, name: one.name }))
      : field.choices.map((one) => ({ value: String(one.value), name: said(one) }));
    /** @returns {string[]} */
    const chosen = () => draft.get(path) || (Array.isArray(field.default) ? field.default : []);
    chosen().forEach((code) => {
      if (options.every((one) => one.value !== code)) options.push({ value: code, name: t("editor.unknown", { code }) });
    });
    const boxes = options.map((one) => {
      const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", value: one.value, disabled: !this._context.may() }));
      box.checked = chosen().indexOf(one.value) >= 0;
      box.addEventListener("change", () => {
        const rest = chosen().filter((code) => code !== one.value);
        const next = box.checked ? rest.concat(one.value) : rest;
        // Days of the week and codes stand in their own order; where the first counts, in that of choosing.
        const ordered = field.key === "channels" ? next : options.map((each) => each.value).filter((code) => next.indexOf(code) >= 0);
        const plain = ordered.length === 0 || JSON.stringify(ordered) === JSON.stringify(field.default);
        this._set(path, plain && !field.required ? (ordered.length === 0 && field.default && field.default.length ? [] : undefined) : ordered);
      });
      return el("label", { class: "check" }, box, el("span", {}, one.name));
    });
    if (boxes.length > 0) attrs(/** @type {HTMLElement} */ (boxes[0].firstElementChild), { "data-control": path });
    return el(
      "fieldset",
      { class: "field group kind-choices", "data-path": path, "aria-describedby": `${id}-about` },
      el("legend", {}, said(field)),
      el("div", { class: "checks" }, ...boxes),
      this._about(field, id),
      el("p", { class: "wrong", hidden: true }),
    );
  }

  /** A table within a table, which may be absent. @param {Field} field @param {string} path */
  _table(field, path) {
    const draft = this._context.draft;
    const there = !field.nullable || (draft.get(path) !== undefined && draft.get(path) !== null);
    const head = [];
    if (field.nullable) {
      const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", "data-control": path, disabled: !this._context.may() }));
      box.checked = there;
      box.addEventListener("change", () => {
        this._set(path, box.checked ? this._new(field.table) : undefined);
        this._context.again();
      });
      head.push(el("label", { class: "check" }, box, el("span", {}, t("editor.has", { what: said(field) }))));
    }
    return el(
      "fieldset",
      { class: "field group kind-table", "data-path": path },
      el("legend", {}, said(field)),
      el("p", { class: "about" }, said(field, "about")),
      ...head,
      ...(there ? [this.of(field.table, path)] : []),
      el("p", { class: "wrong", hidden: true }),
    );
  }

  /** Several tables. @param {Field} field @param {string} path */
  _tables(field, path) {
    const draft = this._context.draft;
    const rows = /** @type {any[]} */ (draft.get(path) || []);
    const name = said(this._context.catalogue.table(field.table));
    const change = (/** @type {any[]} */ next) => {
      this._set(path, next.length > 0 ? next : undefined);
      this._context.again();
    };
    const shown = rows.map((row, at) =>
      el(
        "fieldset",
        { class: "sub" },
        el("legend", {}, t("editor.nth", { what: name, n: at + 1 })),
        this.of(field.table, `${path}[${at}]`),
        this._button("remove", t("editor.removeNth", { what: name, n: at + 1 }), () => change(rows.filter((_, other) => other !== at))),
      ),
    );
    const add = this._button("add", t("editor.addOne", { what: name }), () => change(rows.concat(this._new(field.table))));
    attrs(add, { "data-control": path });
    return el(
      "fieldset",
      { class: "field group kind-tables", "data-path": path },
      el("legend", {}, said(field)),
      el("p", { class: "about" }, said(field, "about")),
      ...shown,
      add,
      el("p", { class: "wrong", hidden: true }),
    );
  }

  /** What a clerk masters: level and certificate by skill. @param {Field} field @param {string} path */
  _skills(field, path) {
    const draft = this._context.draft;
    const held = /** @type {Object<string, any>} */ (draft.get(path) || {});
    const known = skillsOf(draft.data);
    const codes = known.map((one) => one.code).concat(Object.keys(held).filter((code) => known.every((one) => one.code !== code)));
    const rows = codes.map((code) => {
      const at = `${path}.${code}`;
      const skill = held[code];
      const level = typeof skill === "object" && skill !== null ? skill.level : skill;
      const name = (known.find((one) => one.code === code) || { name: t("editor.unknown", { code }) }).name;
      const id = idOf(at);
      const select = /** @type {HTMLSelectElement} */ (el("select", { id, "data-control": at, disabled: !this._context.may() }));
      [0, 1, 2, 3].forEach((n) => select.append(el("option", { value: n, selected: n === (level || 0) }, t(/** @type {import("/static/words.js").Key} */ (`editor.level.${n}`)))));
      const until = /** @type {HTMLInputElement} */ (
        el("input", { type: "text", class: "date", placeholder: t("editor.noEnd"), "aria-label": t("editor.until", { skill: name }), "data-control": `${at}.until`, disabled: !this._context.may() })
      );
      until.value = (typeof skill === "object" && skill !== null && skill.until) || "";
      const write = () => {
        const n = Number(select.value);
        const day = until.value.trim();
        this._set(at, n === 0 ? undefined : day ? { level: n, until: day } : n);
      };
      select.addEventListener("change", write);
      until.addEventListener("input", write);
      return el("div", { class: "skill", "data-path": at }, el("label", { for: id }, name), select, until, el("p", { class: "wrong", hidden: true }));
    });
    return el(
      "fieldset",
      { class: "field group kind-skills", "data-path": path },
      el("legend", {}, said(field)),
      el("p", { class: "about" }, said(field, "about")),
      el("div", { class: "skills" }, ...rows),
      el("p", { class: "wrong", hidden: true }),
    );
  }

  /** A new table: what it must have, as far as it can be known. @param {string} table @returns {Object<string, any>} */
  _new(table) {
    return newRow(this._context.catalogue, this._context.draft.data, table);
  }

  /** @param {string} name @param {string} words @param {() => void} act */
  _button(name, words, act) {
    const button = el("button", { type: "button", class: `act do-${name}`, disabled: !this._context.may() }, words);
    button.addEventListener("click", act);
    return button;
  }

  /** @param {string} path @param {any} value */
  _set(path, value) {
    if (this._context.may()) this._context.draft.set(path, value);
  }
}

/**
 * @param {Catalogue} catalogue
 * @param {Object<string, any>} data the hall
 * @param {string} table
 * @returns {Object<string, any>}
 */
export function newRow(catalogue, data, table) {
  /** @type {Object<string, any>} */
  const row = {};
  catalogue.table(table).fields.filter((field) => field.required).forEach((field) => {
    if (field.kind === "text") row[field.key] = field.refers ? (listed(data, field.refers)[0] || { code: "" }).code : "";
    else if (field.kind === "int" || field.kind === "number") row[field.key] = field.low === null ? 1 : field.low;
    else if (field.kind === "choice") row[field.key] = field.choices[0].value;
    else if (field.kind === "skills") row[field.key] = {};
    else if (field.kind === "bool") row[field.key] = false;
    else row[field.key] = [];
  });
  return row;
}

/**
 * Say at its field what is wrong with it, and at no other.
 * @param {HTMLElement} within
 * @param {import("/pages/editor/preview.js").Mistake[]} mistakes
 */
export function mark(within, mistakes) {
  within.querySelectorAll("[data-path]").forEach((node) => {
    const path = String(node.getAttribute("data-path"));
    const mine = mistakes.filter((one) => one.key === path || (one.key.indexOf(`${path}[`) === 0 && !node.querySelector(`[data-path="${CSS.escape(one.key)}"]`)));
    const slot = Array.from(node.children).find((child) => child.classList.contains("wrong"));
    if (!slot) return;
    attrs(node, { "data-wrong": mine.length > 0 });
    const control = node.querySelector("[data-control]");
    if (control) attrs(control, { "aria-invalid": mine.length > 0 ? "true" : null });
    attrs(slot, { hidden: mine.length === 0 });
    fill(/** @type {HTMLElement} */ (slot), mine.map((one) => el("span", {}, t("editor.said", mistakeSaid(one)))));
  });
}
