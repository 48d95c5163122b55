/** A draft and what somebody else put in force meanwhile, brought together: what does not clash is taken over. */

import { same } from "/pages/editor/paths.js";

/** @typedef {{path: string[], mine: any, theirs: any}} Clash names and codes that lead there; what both changed */

const ROW_KEYS = ["code", "id", "channel", "date", "first"];

/** @param {any} value @returns {value is Object<string, any>} */
const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The key that tells the rows of these lists apart. @param {any[]} lists @returns {string|undefined} */
function rowKey(lists) {
  const rows = /** @type {any[]} */ ([]).concat(...lists);
  return rows.length > 0 && rows.every(isTable) ? ROW_KEYS.find((key) => rows.every((row) => typeof row[key] === "string")) : undefined;
}

/**
 * @param {any} base what both began with
 * @param {any} mine
 * @param {any} theirs
 * @returns {{merged: any, clashes: Clash[]}} where both changed the same, mine stays
 */
export function merge(base, mine, theirs) {
  /** @type {Clash[]} */
  const clashes = [];
  return { merged: merged(base, mine, theirs, [], clashes), clashes };
}

/** @param {any} base @param {any} mine @param {any} theirs @param {string[]} path @param {Clash[]} clashes @returns {any} */
function merged(base, mine, theirs, path, clashes) {
  if (same(mine, theirs) || same(base, theirs)) return mine;
  if (same(base, mine)) return theirs;
  if (isTable(mine) && isTable(theirs)) {
    /** @type {Object<string, any>} */
    const found = {};
    const from = isTable(base) ? base : {};
    Object.keys(Object.assign({}, theirs, mine)).forEach((key) => {
      const value = merged(from[key], mine[key], theirs[key], path.concat(key), clashes);
      if (value !== undefined) found[key] = value;
    });
    return found;
  }
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    const from = Array.isArray(base) ? base : [];
    const key = rowKey([from, mine, theirs]);
    if (key !== undefined) return rows(key, from, mine, theirs, path, clashes);
  }
  clashes.push({ path, mine, theirs });
  return mine;
}

/** @param {string} key @param {any[]} base @param {any[]} mine @param {any[]} theirs @param {string[]} path @param {Clash[]} clashes */
function rows(key, base, mine, theirs, path, clashes) {
  const table = (/** @type {any[]} */ list) => new Map(list.map((row) => /** @type {[string, any]} */ ([row[key], row])));
  const [old, ours, others] = [table(base), table(mine), table(theirs)];
  const order = (/** @type {any[]} */ list) => list.map((row) => String(row[key]));
  // Whoever changed the order has it; what the other one added comes last.
  const first = same(order(theirs), order(base)) ? mine : theirs;
  const codes = Array.from(new Set(order(first).concat(order(mine), order(theirs))));
  return codes
    .map((code) => merged(old.get(code), ours.get(code), others.get(code), path.concat(code), clashes))
    .filter((row) => row !== undefined);
}
