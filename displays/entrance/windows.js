/** Every window by zone: label, shape and fill tell its state; the legend names and counts them. */

import { attrs, byId, el, shape, text } from "/static/dom.js";
import { inShort, lang, named, placed, t } from "/static/words.js";
import { refill } from "/pages/tv/lists.js";
import { digitsWide } from "/pages/tv/size.js";
import { pageNow } from "/pages/tv/turn.js";

/** @typedef {import("/static/wire.js").BoardWindow} BoardWindow */
/** @typedef {import("/static/wire.js").EntranceZone} EntranceZone */
/** @typedef {import("/static/wire.js").WindowState} WindowState */
/** @typedef {{zone: EntranceZone, windows: BoardWindow[]}} Block a zone, or what fits of it */
/** @typedef {{columns: number, tile: number, gap: number, most?: number, beside?: number, dense?: boolean}} Grid in design pixels; `most`: how high tiles may grow where there is room, `beside`: what names in larger letters take from their width, `dense`: zones lie closer together */

/** @type {Object<WindowState, import("/static/dom.js").Shape>} */
const SHAPES = { calling: "tag", idle: "ring", serving: "disc", paused: "bars", closed: "dash" };
/** @type {WindowState[]} */
const STATES = ["calling", "idle", "serving", "paused", "closed"];

/** Room for tiles beside the zones' names, and for all zones. */
const ROOM = { landscape: { width: 806, height: 762 }, portrait: { width: 756, height: 722 } };
/** What a zone takes beside its tiles. @param {Grid} grid */
const between = (grid) => (grid.dense ? 16 : 22);
const LINE = 31;
/** Digits of a zone's name that stand in a line; in English the column is wider. */
const NAME_WIDE = lang === "en" ? 12 : 10.5;
const BORDERS = 8;
/** Beside a label, where that leaves it large enough. */
const BESIDE = 5;
const LEAST = 26;
/** A digit is so much wide, in its size. */
const DIGIT = 0.565;
/** From the roomiest to the densest that can still be read. @type {Grid[]} */
const GRIDS = [
  { columns: 4, tile: 170, gap: 18, most: 230, beside: 74 },
  { columns: 6, tile: 120, gap: 14, most: 150 },
  { columns: 8, tile: 92, gap: 10 },
  { columns: 10, tile: 76, gap: 8 },
  { columns: 12, tile: 65, gap: 7 },
  { columns: 14, tile: 58, gap: 6 },
  { columns: 16, tile: 54, gap: 6, dense: true },
];

/** Latin names are wider. */
const ENGLISH = 34;

/** @param {Grid} grid @returns {{width: number, height: number}} */
function room(grid) {
  const { width, height } = ROOM[window.innerHeight > window.innerWidth ? "portrait" : "landscape"];
  return { width: width - (grid.beside || 0) - (lang === "en" ? ENGLISH : 0), height };
}

/** What a label of so many digits may have at most. @param {Grid} grid @param {number} digits @param {number} [beside] */
function sizeOf(grid, digits, beside = 0) {
  const inside = (room(grid).width - (grid.columns - 1) * grid.gap) / grid.columns - BORDERS - beside;
  return Math.floor(Math.min(grid.tile * 0.53, inside / (digits * DIGIT)));
}

/**
 * Where a zone is. Names in English are long: the floor alone stands under them, and only where tiles are large.
 * @param {EntranceZone} zone
 * @param {Grid} grid
 */
function placeOf(zone, grid) {
  if (lang === "en" && zone.name_en && grid.most === undefined) return "";
  return inShort(placed(zone.place, zone.place_en, zone.name_en));
}

/** @param {EntranceZone} zone @param {number} windows @param {Grid} grid */
function heightOf(zone, windows, grid) {
  const rows = Math.ceil(windows / grid.columns);
  const lines = Math.ceil(digitsWide(named(zone.name, zone.name_en)) / NAME_WIDE) + (placeOf(zone, grid) ? 1 : 0);
  return Math.max(Math.max(2, lines) * LINE, rows * grid.tile + (rows - 1) * grid.gap) + between(grid);
}

/**
 * Zones on as few pages as they need; one that is higher than a page goes on on the next.
 * @param {EntranceZone[]} zones
 * @param {Grid} grid
 * @returns {Block[][]}
 */
function pagesIn(zones, grid) {
  /** @type {Block[][]} */
  const pages = [];
  const { height: all } = room(grid);
  let left = -1;
  zones.forEach((zone) => {
    const most = Math.floor((all - between(grid) + grid.gap) / (grid.tile + grid.gap)) * grid.columns;
    for (let from = 0; from < zone.windows.length; from += most) {
      const windows = zone.windows.slice(from, from + most);
      const height = heightOf(zone, windows.length, grid);
      if (height > left) {
        pages.push([]);
        left = all;
      }
      pages[pages.length - 1].push({ zone, windows });
      left -= height;
    }
  });
  return pages;
}

/**
 * The same grid with tiles as high as the room lets them be, where all stands on one page.
 * @param {EntranceZone[]} zones
 * @param {Grid} grid
 * @returns {Grid}
 */
function grown(zones, grid) {
  const used = zones.reduce((sum, zone) => sum + heightOf(zone, zone.windows.length, grid), 0);
  const rows = zones.reduce((sum, zone) => sum + Math.ceil(zone.windows.length / grid.columns), 0);
  const more = Math.floor((room(grid).height - used) / Math.max(1, rows));
  return Object.assign({}, grid, { tile: Math.min(grid.most || grid.tile, grid.tile + more) });
}

/** @param {BoardWindow} window */
function tileNode(window) {
  const label = el("span", { class: "label" }, window.label);
  const sign = shape(SHAPES[window.state]);
  const words = t(/** @type {"state.idle"} */ (`state.${window.state}`));
  attrs(sign, { "aria-hidden": null, role: "img", "aria-label": words });
  return el("li", { class: "window", "data-state": window.state }, label, sign);
}

/** @param {Block} block @param {Grid} grid */
function blockNode({ zone, windows }, grid) {
  const name = named(zone.name, zone.name_en);
  const label = el("h2", {}, el("strong", { "data-fit": digitsWide(name) > 9 ? 1 : 0 }, name), el("span", {}, placeOf(zone, grid)));
  return el("div", { class: "zone" }, label, el("ul", {}, ...windows.map(tileNode)));
}

/**
 * @param {EntranceZone[]} zones
 * @param {number} nowMs turns the pages of a hall with more windows than fit
 */
export function renderWindows(zones, nowMs) {
  const some = zones.filter((zone) => zone.windows.length > 0);
  const digits = some.reduce((most, zone) => Math.max(most, ...zone.windows.map((one) => digitsWide(one.label))), 2);
  const grids = GRIDS.filter((one, at) => at === 0 || sizeOf(one, digits) >= LEAST);
  const whole = grids.find((one) => pagesIn(some, one).length <= 1);
  const grid = whole ? grown(some, whole) : grids[grids.length - 1];
  const pages = pagesIn(some, grid);
  const n = pageNow(pages.length, nowMs);
  const blocks = pages[n] || [];
  const list = byId("zones");
  attrs(list, { "data-roomy": grid.most !== undefined, "data-few": grid.beside !== undefined, "data-dense": grid.dense || false });
  list.style.setProperty("--columns", String(grid.columns));
  list.style.setProperty("--tile", String(grid.tile));
  list.style.setProperty("--gap", String(grid.gap));
  list.style.setProperty("--label", String(Math.max(LEAST, sizeOf(grid, digits, BESIDE))));
  const key = blocks.map(({ zone, windows }) => `${zone.name} ${windows.map((w) => w.label + w.state).join()}`).join(";");
  refill(list, `${key} ${n} ${grid.columns} ${grid.tile}`, () => blocks.map((block) => blockNode(block, grid)));
  renderLegend(some, pages.length > 1 ? t("tv.page", { n: n + 1, total: pages.length }) : "");
}

/** @param {EntranceZone[]} zones @param {string} page */
function renderLegend(zones, page) {
  const counts = STATES.map((state) =>
    zones.reduce((sum, zone) => sum + zone.windows.filter((window) => window.state === state).length, 0),
  );
  attrs(byId("legend"), { "data-turns": page !== "" });
  refill(byId("legend"), `${counts.join()} ${page}`, () => {
    const entries = STATES.map((state, at) =>
      el(
        "span",
        { class: "entry" },
        el("span", { class: "window", "data-state": state }, shape(SHAPES[state])),
        el("span", {}, t(/** @type {"state.idle"} */ (`state.${state}`))),
        el("strong", {}, String(counts[at])),
      ),
    );
    const turn = el("span", { class: "turn" });
    text(turn, page);
    return page ? entries.concat(turn) : entries;
  });
}
