/**
 * The skills of all clerks as a table: a level is set by a click or a digit, for one or for all who are chosen. Clerks
 * who master the same stand together, so that a group can be chosen at once.
 */

import { attrs, el, fill, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { skillsOf } from "/pages/editor/catalogue.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */
/** @typedef {{at: number, clerk: any}} Row */

const LEVELS = 4;

/** @param {any} skill @returns {number} */
const levelOf = (skill) => (typeof skill === "object" && skill !== null ? Number(skill.level) || 0 : Number(skill) || 0);

export class Matrix {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    this._wanted = "";
    /** @type {Set<string>} */
    this._chosen = new Set();
    /** @type {{code: string, name: string}[]} */
    this._skills = [];
    /** @type {HTMLElement|null} */
    this._active = null;
    this.node = el("div", { class: "matrix-part" });
    this._table = el("table", { class: "matrix", role: "grid", "aria-label": t("editor.matrix") });
    this._search = /** @type {HTMLInputElement} */ (el("input", { type: "search", class: "search", "aria-label": t("editor.search"), placeholder: t("editor.matrix.search") }));
    this._skill = /** @type {HTMLSelectElement} */ (el("select", { "aria-label": t("editor.matrix.skill"), class: "bulk-skill" }));
    this._level = /** @type {HTMLSelectElement} */ (el("select", { "aria-label": t("editor.matrix.level"), class: "bulk-level" }));
    this._bulk = el("button", { type: "button", class: "act do-bulk" });
    this._wire();
    this.node.append(
      el("div", { class: "matrix-tools" }, this._search, this._skill, this._level, this._bulk),
      el("p", { class: "about" }, t("editor.matrix.how")),
      el("div", { class: "matrix-scroll", tabindex: "0", role: "region", "aria-label": t("editor.matrix") }, this._table),
    );
  }

  _wire() {
    this._search.addEventListener("input", () => {
      this._wanted = this._search.value.trim().toLowerCase();
      this.draw();
    });
    this._bulk.addEventListener("click", () => this._setChosen());
    this._table.addEventListener("click", (event) => {
      const cell = this._cellOf(event.target);
      if (!cell) return;
      this._focus(cell);
      if (this._context.may()) this._setLevel(cell, (Number(cell.getAttribute("data-level")) + 1) % LEVELS);
    });
    this._table.addEventListener("keydown", (event) => this._key(event));
    this._table.addEventListener("change", (event) => {
      const box = /** @type {HTMLInputElement} */ (event.target);
      const ids = box.getAttribute("data-group") || box.getAttribute("data-clerk") || "";
      ids.split(" ").filter(Boolean).forEach((id) => (box.checked ? this._chosen.add(id) : this._chosen.delete(id)));
      this._showChosen();
    });
  }

  /** @param {EventTarget|null} target @returns {HTMLElement|null} */
  _cellOf(target) {
    return target instanceof Element ? /** @type {HTMLElement|null} */ (target.closest("td.level")) : null;
  }

  draw() {
    const data = this._context.draft.data;
    this._skills = skillsOf(data);
    /** @type {Map<string, Row[]>} */
    const groups = new Map();
    /** @type {any[]} */ (Array.isArray(data.clerks) ? data.clerks : []).forEach((clerk, at) => {
      const skills = clerk.skills || {};
      const names = this._skills.filter((one) => levelOf(skills[one.code]) > 0).map((one) => one.name);
      const words = `${clerk.name || ""} ${clerk.id || ""} ${names.join(" ")}`.toLowerCase();
      if (this._wanted && words.indexOf(this._wanted) < 0) return;
      const key = names.join(t("editor.comma"));
      groups.set(key, (groups.get(key) || []).concat({ at, clerk }));
    });
    fill(this._table, [this._head(), ...Array.from(groups, ([key, rows]) => this._group(key, rows))]);
    this._drawBulk();
    const first = this._table.querySelector("td.level");
    if (first) attrs(first, { tabindex: "0" });
    this._active = /** @type {HTMLElement|null} */ (first);
    this._showChosen();
  }

  _head() {
    return el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col", class: "who" }, t("editor.matrix.clerk")),
        ...this._skills.map((one) => el("th", { scope: "col", class: "skill-name" }, one.name)),
      ),
    );
  }

  /** @param {string} key @param {Row[]} rows */
  _group(key, rows) {
    const ids = rows.map(({ clerk }) => String(clerk.id)).join(" ");
    const box = el("input", { type: "checkbox", "data-group": ids, disabled: !this._context.may() });
    const name = t("editor.matrix.group", { skills: key || t("editor.none"), n: rows.length });
    return el(
      "tbody",
      {},
      el("tr", { class: "group-row" }, el("th", { scope: "rowgroup", colspan: this._skills.length + 1 }, el("label", { class: "check" }, box, el("span", {}, name)))),
      ...rows.map((row) => this._row(row)),
    );
  }

  /** @param {Row} row */
  _row({ at, clerk }) {
    const id = String(clerk.id);
    const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", "data-clerk": id, disabled: !this._context.may() }));
    box.checked = this._chosen.has(id);
    return el(
      "tr",
      { "data-at": at },
      el("th", { scope: "row", class: "who" }, el("label", { class: "check" }, box, el("span", {}, String(clerk.name || id), el("span", { class: "code" }, id)))),
      ...this._skills.map((one) => this._cell(at, one.code, (clerk.skills || {})[one.code])),
    );
  }

  /** @param {number} at @param {string} code @param {any} skill */
  _cell(at, code, skill) {
    const level = levelOf(skill);
    const until = typeof skill === "object" && skill !== null ? skill.until : "";
    return el(
      "td",
      { class: "level", role: "gridcell", tabindex: "-1", "data-control": `clerks[${at}].skills.${code}`, "data-level": level, title: until ? t("editor.matrix.until", { date: until }) : null },
      until ? t("editor.matrix.dated", { level }) : level ? String(level) : t("editor.matrix.no"),
    );
  }

  _drawBulk() {
    const before = this._skill.value;
    fill(this._skill, this._skills.map((one) => el("option", { value: one.code, selected: one.code === before }, one.name)));
    if (this._level.options.length === 0) {
      [0, 1, 2, 3].forEach((n) => this._level.append(el("option", { value: n, selected: n === 2 }, t(/** @type {import("/static/words.js").Key} */ (`editor.level.${n}`)))));
    }
  }

  _showChosen() {
    text(this._bulk, t("editor.matrix.set", { n: this._chosen.size }));
    attrs(this._bulk, { disabled: this._chosen.size === 0 || !this._context.may() });
    this._table.querySelectorAll("input[data-clerk]").forEach((node) => {
      const box = /** @type {HTMLInputElement} */ (node);
      box.checked = this._chosen.has(box.getAttribute("data-clerk") || "");
    });
    this._table.querySelectorAll("input[data-group]").forEach((node) => {
      const box = /** @type {HTMLInputElement} */ (node);
      const ids = (box.getAttribute("data-group") || "").split(" ");
      box.checked = ids.every((id) => this._chosen.has(id));
    });
  }

  _setChosen() {
    const code = this._skill.value;
    const level = Number(this._level.value);
    const clerks = /** @type {any[]} */ (this._context.draft.get("clerks") || []);
    let n = 0;
    const next = clerks.map((clerk) => {
      if (!this._chosen.has(clerk.id)) return clerk;
      n += 1;
      return Object.assign({}, clerk, { skills: withLevel(clerk.skills || {}, code, level) });
    });
    this._context.draft.set("clerks", next);
    this._context.say(t("editor.matrix.done", { n }));
    this.draw();
  }

  /** @param {HTMLElement} cell @param {number} level */
  _setLevel(cell, level) {
    const path = String(cell.getAttribute("data-control"));
    const at = path.lastIndexOf(".");
    const [skills, code] = [path.slice(0, at), path.slice(at + 1)];
    this._context.draft.set(skills, withLevel(this._context.draft.get(skills) || {}, code, level));
    const now = this._context.draft.get(path);
    const made = this._cell(Number((/** @type {HTMLElement} */ (cell.parentElement)).getAttribute("data-at")), code, now);
    text(cell, made.textContent || "");
    attrs(cell, { "data-level": level, title: made.getAttribute("title") });
  }

  /** @param {HTMLElement} cell */
  _focus(cell) {
    if (this._active) attrs(this._active, { tabindex: "-1" });
    attrs(cell, { tabindex: "0" });
    this._active = cell;
    cell.focus();
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    const cell = this._cellOf(event.target);
    if (!cell || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = /** @type {HTMLElement} */ (cell.parentElement);
    const cells = Array.from(row.querySelectorAll("td.level"));
    const at = cells.indexOf(cell);
    const rows = Array.from(this._table.querySelectorAll("tr[data-at]"));
    const line = rows.indexOf(row);
    /** @param {number} toRow @param {number} toCell */
    const go = (toRow, toCell) => {
      const there = rows[Math.max(0, Math.min(rows.length - 1, toRow))].querySelectorAll("td.level")[Math.max(0, Math.min(cells.length - 1, toCell))];
      if (there) this._focus(/** @type {HTMLElement} */ (there));
    };
    /** @type {Object<string, () => void>} */
    const moves = {
      ArrowLeft: () => go(line, at - 1),
      ArrowRight: () => go(line, at + 1),
      ArrowUp: () => go(line - 1, at),
      ArrowDown: () => go(line + 1, at),
      Home: () => go(line, 0),
      End: () => go(line, cells.length - 1),
    };
    const level = /^[0-3]$/.test(event.key) ? Number(event.key) : event.key === "Delete" ? 0 : -1;
    if (moves[event.key]) moves[event.key]();
    else if (level >= 0 && this._context.may()) this._setLevel(cell, level);
    else if ((event.key === "Enter" || event.key === " ") && this._context.may()) {
      this._setLevel(cell, (Number(cell.getAttribute("data-level")) + 1) % LEVELS);
    } else return;
    event.preventDefault();
  }

  /** Bring a cell into view and focus it. @param {string} path of a skill @returns {boolean} whether it is there */
  reveal(path) {
    const cell = this._table.querySelector(`td[data-control="${CSS.escape(path)}"]`);
    if (!cell) return false;
    this._focus(/** @type {HTMLElement} */ (cell));
    return true;
  }
}

/** The skills with another level; a certificate stays with its skill. @param {Object<string, any>} skills @param {string} code @param {number} level */
function withLevel(skills, code, level) {
  const next = Object.assign({}, skills);
  const held = next[code];
  if (level === 0) delete next[code];
  else next[code] = typeof held === "object" && held !== null ? Object.assign({}, held, { level }) : level;
  return next;
}
