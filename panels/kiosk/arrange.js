/** Which cards stand on which page: themes stay together, and cards are made lower before there is a second page. */

/** @typedef {import("/static/wire.js").EntranceService} EntranceService */
/** @typedef {{theme: string, services: EntranceService[]}} Section */
/** @typedef {{pages: Section[][], low: boolean}} Arrangement */

/** Heights in pixels of the drawing; no card is lower than a finger needs. */
const CARD = 158;
const LOW = 118;
const ELDER = 194;
const ELDER_WIDE = 170;
const GAP = 16;
const ELDER_GAP = 20;
const HEADING = 66;

/**
 * @param {Section[]} sections
 * @param {number} columns
 * @param {number} room height, of the drawing
 * @param {number} card height of one
 * @returns {Section[][]}
 */
function paged(sections, columns, room, card) {
  /** @type {Section[][]} */
  const pages = [];
  /** @type {Section[]} */
  let page = [];
  let left = room;
  sections.forEach(({ theme, services }) => {
    let rest = services;
    while (rest.length) {
      const head = theme ? HEADING : 0;
      const rows = Math.floor((left - head + GAP) / (card + GAP));
      const needed = Math.ceil(rest.length / columns);
      if (rows < needed && page.length) {
        pages.push(page);
        page = [];
        left = room;
        continue;
      }
      const taken = Math.max(1, Math.min(rows, needed));
      page.push({ theme, services: rest.slice(0, taken * columns) });
      rest = rest.slice(taken * columns);
      left -= head + taken * (card + GAP);
    }
  });
  return page.length ? pages.concat([page]) : pages;
}

/**
 * One below the other, in one section; on each page there is room for one card more, for everything else.
 * @param {Section[]} sections
 * @param {number} columns
 * @param {number} room height, of the drawing
 * @param {number} card height of one
 * @returns {Section[][]}
 */
function listed(sections, columns, room, card) {
  const services = sections.reduce((/** @type {EntranceService[]} */ all, one) => all.concat(one.services), []);
  const rows = Math.floor((room + ELDER_GAP) / (card + ELDER_GAP));
  const each = Math.max(1, rows * columns - 1);
  /** @type {Section[][]} */
  const pages = [];
  for (let at = 0; at < services.length; at += each) pages.push([{ theme: "", services: services.slice(at, at + each) }]);
  return pages;
}

/**
 * @param {Section[]} sections
 * @param {{elder: boolean, wide: boolean, room: number}} place `room`: height, of the drawing
 * @returns {Arrangement}
 */
export function arrange(sections, { elder, wide, room }) {
  if (elder) return { pages: listed(sections, wide ? 2 : 1, room, wide ? ELDER_WIDE : ELDER), low: false };
  const pages = paged(sections, wide ? 3 : 2, room, wide ? LOW : CARD);
  if (wide || pages.length <= 1) return { pages, low: false };
  return { pages: paged(sections, 2, room, LOW), low: true };
}
