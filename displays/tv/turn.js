/** Lists that are longer than the screen turn their pages, evenly filled, slowly enough to be read. */

const TURN_MS = 12000;

/**
 * @template T
 * @param {T[]} rows
 * @param {number} limit of rows on a page
 * @returns {T[][]} as few pages as possible, none much shorter than the others
 */
export function pagesOf(rows, limit) {
  const pages = Math.ceil(rows.length / limit);
  const each = Math.ceil(rows.length / Math.max(1, pages));
  return Array.from({ length: pages }, (_, n) => rows.slice(n * each, (n + 1) * each));
}

/**
 * @param {number} pages
 * @param {number} nowMs
 */
export const pageNow = (pages, nowMs) => Math.floor(nowMs / TURN_MS) % Math.max(1, pages);
