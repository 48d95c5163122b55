/** What refers to a row of the hall: told before the row is removed, and taken out of lists with it. */

import { said } from "/pages/editor/catalogue.js";
import { setAt, valueAt } from "/pages/editor/paths.js";

/** @typedef {import("/pages/editor/catalogue.js").Catalogue} Catalogue */
/** @typedef {{path: string, listed: boolean, code: string, words: string}} Reference
 *   listed: it stands in a list, or in a key that may be empty, and can be taken out */

/**
 * @param {Catalogue} catalogue
 * @param {Object<string, any>} data the hall
 * @param {string} section of the row
 * @param {Object<string, any>} row
 * @returns {Reference[]}
 */
export function references(catalogue, data, section, row) {
  const code = String(row[catalogue.rowsOf(section).row_key] || "");
  const skill = section === "services" ? row.skill || row.code : null;
  const shared = (data.services || []).some((/** @type {any} */ one) => one !== row && (one.skill || one.code) === skill);
  /** @type {Reference[]} */
  const found = [];
  /** @param {string} table @param {any} here @param {string} path */
  const look = (table, here, path) => {
    if (typeof here !== "object" || here === null) return;
    catalogue.table(table).fields.forEach((field) => {
      const value = here[field.key];
      if (value === undefined || value === null) return;
      const at = path ? `${path}.${field.key}` : field.key;
      const add = (/** @type {boolean} */ listed, /** @type {string} */ place) => found.push({ path: place, listed, code, words: catalogue.told(at, data) });
      if (field.kind === "table") look(field.table, value, at);
      else if (field.kind === "tables") value.forEach((/** @type {any} */ one, /** @type {number} */ n) => look(field.table, one, `${at}[${n}]`));
      else if (field.kind === "skills" && skill && !shared && value[skill] !== undefined) {
        found.push({ path: `${at}.${skill}`, listed: true, code: skill, words: catalogue.told(at, data) });
      } else if (field.refers !== section) return;
      else if (field.kind === "groups") {
        value.forEach((/** @type {any} */ group, /** @type {number} */ n) => {
          if (Array.isArray(group) && group.indexOf(code) >= 0) add(true, `${at}[${n}]`);
        });
      } else if (Array.isArray(value) ? value.indexOf(code) >= 0 : value === code) add(Array.isArray(value) || !field.required, at);
    });
  };
  look(catalogue.root, data, "");
  return found;
}

/** Take a code out of where it may be left out. @param {Object<string, any>} data @param {Reference[]} found */
export function dropped(data, found) {
  found.filter((one) => one.listed).forEach((one) => {
    const value = valueAt(data, one.path);
    if (!Array.isArray(value)) {
      setAt(data, one.path, undefined);
      return;
    }
    const rest = value.filter((code) => code !== one.code);
    // A list that was narrowed to this one alone would, empty, mean everything: it is left for a person.
    if (rest.length > 0) setAt(data, one.path, rest);
  });
}

/** @param {Catalogue} catalogue @param {string} section */
export const named = (catalogue, section) => said(catalogue.rowsOf(section));
