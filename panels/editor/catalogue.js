/** What a hall file may hold, as the server describes it: tables, their keys, words and ranges. */

import { lang, t } from "/static/words.js";
import { steps } from "/pages/editor/paths.js";

/**
 * @typedef {Object} Field
 * @property {string} key
 * @property {"text"|"int"|"number"|"bool"|"choice"|"texts"|"choices"|"groups"|"table"|"tables"|"skills"} kind
 * @property {string} label
 * @property {string} label_en
 * @property {string} about
 * @property {string} about_en
 * @property {string} unit
 * @property {string} unit_en
 * @property {boolean} required
 * @property {boolean} nullable
 * @property {any} default
 * @property {number|null} low
 * @property {number|null} high
 * @property {number|null} max_chars
 * @property {{value: string|number, label: string, label_en: string}[]} choices
 * @property {string} refers list of the hall whose codes it holds; empty: none
 * @property {string} table of its tables; empty: none
 */
/** @typedef {{name: string, label: string, label_en: string, row_key: string, fields: Field[]}} TableKind */

/** A word in the page's language. @param {Object<string, any>} one @param {string} [name] @returns {string} */
export function said(one, name) {
  const key = name || "label";
  return lang === "en" ? one[`${key}_en`] || one[key] : one[key];
}

/**
 * What is wrong, in the page's language.
 * @param {{message: string, hint: string, message_zh: string, hint_zh: string}} one
 * @returns {{message: string, hint: string}}
 */
export const mistakeSaid = (one) => (lang === "en" ? { message: one.message, hint: one.hint } : { message: one.message_zh, hint: one.hint_zh });

export class Catalogue {
  /** @param {{root: string, tables: TableKind[]}} answer */
  constructor(answer) {
    this.root = answer.root;
    /** @type {Map<string, TableKind>} */
    this._tables = new Map(answer.tables.map((table) => /** @type {[string, TableKind]} */ ([table.name, table])));
  }

  /** @param {string} name @returns {TableKind} */
  table(name) {
    const found = this._tables.get(name);
    if (!found) throw new Error(`no table ${name}`);
    return found;
  }

  /** A key of the hall itself. @param {string} key @returns {Field} */
  top(key) {
    return this.field(this.root, key);
  }

  /** @param {string} table @param {string} key @returns {Field} */
  field(table, key) {
    const found = this.table(table).fields.find((field) => field.key === key);
    if (!found) throw new Error(`no key ${key} in ${table}`);
    return found;
  }

  /** The kind of the rows of a list of the hall. @param {string} section @returns {TableKind} */
  rowsOf(section) {
    return this.table(this.top(section).table);
  }

  /** A path as a person reads it. @param {string} path @param {Object<string, any>} data @returns {string} */
  told(path, data) {
    /** @type {string[]} */
    const words = [];
    let table = this.root;
    let here = data;
    steps(path).forEach((step) => {
      here = here === undefined || here === null ? undefined : here[step];
      if (typeof step === "number") {
        const row = here || {};
        const name = (lang === "en" && row.name_en) || row.name || row.label || row.text || row.code || row.id || String(step + 1);
        if (words.length > 0 && typeof name === "string") words[words.length - 1] += ` ${name}`;
        return;
      }
      const known = table ? this.table(table).fields.find((field) => field.key === step) : undefined;
      words.push(known ? said(known) : step);
      table = known ? known.table : "";
    });
    return words.join(" · ");
  }
}

/**
 * What the hall has under a list, for choosing among.
 * @param {Object<string, any>} data
 * @param {string} section
 * @returns {{code: string, name: string}[]}
 */
export function listed(data, section) {
  const rows = Array.isArray(data[section]) ? data[section] : [];
  const key = section === "windows" || section === "clerks" ? "id" : "code";
  return rows
    .filter((/** @type {any} */ row) => typeof row[key] === "string" && row[key] !== "")
    .map((/** @type {any} */ row) => ({ code: row[key], name: (lang === "en" && row.name_en) || row.name || row.label || row[key] }));
}

/** Skills that services need, each by the names of these. @param {Object<string, any>} data @returns {{code: string, name: string}[]} */
export function skillsOf(data) {
  /** @type {Map<string, any[]>} */
  const found = new Map();
  (Array.isArray(data.services) ? data.services : []).forEach((/** @type {any} */ service) => {
    const code = service.skill || service.code;
    if (code) found.set(code, (found.get(code) || []).concat(service));
  });
  return Array.from(found, ([code, services]) => {
    // Of several services the one that the skill is called by says most.
    const first = services.find((one) => one.code === code) || services[0];
    const name = (lang === "en" && first.name_en) || first.name || code;
    return { code, name: services.length === 1 ? name : t("editor.skillOfMany", { name, n: services.length }) };
  });
}
