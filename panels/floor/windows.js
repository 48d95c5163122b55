/** Every window by zone: shape, word and quiet fill; and the legend that counts them. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, shape, text } from "/static/dom.js";
import { named, placed, t } from "/static/words.js";
import { part, reconcile, refill } from "/pages/floor/list.js";
import { short } from "/pages/floor/times.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").FloorWindow} FloorWindow */
/** @typedef {import("/static/wire.js").ZoneInfo} ZoneInfo */
/** @typedef {import("/static/dom.js").Shape} Shape */
/** @typedef {"calling"|"idle"|"serving"|"over"|"paused"|"unstaffed"|"closed"} Kind */
/** @typedef {{zone: ZoneInfo, windows: FloorWindow[]}} Block */

/** @type {Object<Kind, Shape>} */
export const SHAPES = { calling: "tag", idle: "ring", serving: "disc", over: "clock", paused: "bars", unstaffed: "triangle", closed: "dash" };
/** @type {Kind[]} */
const KINDS = ["calling", "idle", "serving", "over", "paused", "unstaffed", "closed"];

/** What a tile takes, pixels; windows.css has the same. */
const TILE = { wide: 58, narrow: 54, gap: 4, apart: 8 };
const WIDE_FROM = 1800;
/** With tides off a small hall has room: the larger size up to so many windows, on a large page. */
const ROOMY = [
  { most: 10, wide: 152, tall: 132 },
  { most: 24, wide: 112, tall: 108 },
  { most: 40, wide: 84, tall: 84 },
];
const ROOMY_HEIGHT = 980;
/** What letters over a zone take, and the count of its open windows. */
const HEAD = { wide: 16, narrow: 9, rest: 104 };

/** @param {FloorWindow} window @param {Floor} floor @param {number} nowMs @returns {Kind} */
export function kindOf(window, floor, nowMs) {
  if (window.open && window.clerk === null) return "unstaffed";
  if (window.state !== "serving") return window.state;
  const limit = floor.thresholds.serving_min;
  const over = limit > 0 && window.since_ms !== null && nowMs - window.since_ms >= limit * 60000;
  return over ? "over" : "serving";
}

/** Since when a window is as it is: without a clerk, as the warning has it. @param {FloorWindow} window @param {Floor} floor */
export function sinceOf(window, floor) {
  const warning = floor.warnings.find((one) => one.id === `unstaffed/${window.id}`);
  return warning && warning.since_ms !== undefined ? warning.since_ms : window.since_ms;
}

/** @param {FloorWindow} window @param {Kind} kind @param {Floor} floor @param {number} nowMs */
function noteOf(window, kind, floor, nowMs) {
  if (kind === "calling") return t("floor.tile.calling");
  if (kind === "closed") {
    if (window.opens_ms !== null) return hourMinute(window.opens_ms, floor.place.timezone);
    return t(window.kind === "tidal" ? "floor.tile.tidal" : "floor.tile.closed");
  }
  return short(nowMs - (sinceOf(window, floor) || nowMs));
}

/** @param {ZoneInfo} zone */
const placeOf = (zone) => placed(zone.place, zone.place_en, zone.name_en);

/** What the words over a zone take, pixels, generously. @param {ZoneInfo} zone */
function headWidth(zone) {
  const words = named(zone.name, zone.name_en) + placeOf(zone);
  return Array.from(words).reduce((sum, letter) => sum + (letter > "\u2e80" ? HEAD.wide : HEAD.narrow), HEAD.rest);
}

/**
 * Zones in lines: each goes into the first line that has room.
 * @param {Block[]} blocks
 * @param {number} columns tiles that fit in a line
 * @param {number} tile width of one
 * @param {number} width of a line
 * @returns {Block[][]}
 */
export function linesOf(blocks, columns, tile, width) {
  /** @type {{room: number, blocks: Block[]}[]} */
  const lines = [];
  blocks.forEach((block) => {
    const tiles = Math.min(block.windows.length, columns) * (tile + TILE.gap) - TILE.gap;
    const own = Math.max(tiles, headWidth(block.zone));
    const tall = block.windows.length > columns;
    const line = tall ? undefined : lines.find((one) => one.room >= own + TILE.apart);
    if (line) {
      line.room -= own + TILE.apart;
      line.blocks.push(block);
    } else {
      lines.push({ room: tall ? 0 : width - own, blocks: [block] });
    }
  });
  return lines.map((line) => line.blocks);
}

/** @param {FloorWindow[]} windows */
const openOf = (windows) => t("floor.windows.open", { n: windows.filter((one) => one.open).length, total: windows.length });

/**
 * How large the tiles of a small hall are where the chart of the tides leaves its room to them; undefined: as usual.
 * @param {Floor} floor
 */
export function roomOf(floor) {
  const free = floor.plan.mode === "off" && window.innerWidth >= WIDE_FROM && window.innerHeight >= ROOMY_HEIGHT;
  return free ? ROOMY.find((one) => floor.windows.length <= one.most) : undefined;
}

export class Windows {
  /** @param {(window: string, from: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    this._onChoose = onChoose;
  }

  /** @param {FloorWindow} window */
  _make(window) {
    const tile = el("button", { type: "button", class: "tile" }, el("span", { class: "label" }), el("span", { class: "state" }), el("span", { class: "clerk" }));
    tile.addEventListener("click", () => this._onChoose(window.id, tile));
    return tile;
  }

  /**
   * @param {Floor} floor
   * @param {number} nowMs
   * @param {string|null} chosen id of the window that is looked at
   */
  render(floor, nowMs, chosen) {
    const holder = byId("zones");
    const roomy = roomOf(floor);
    const usual = window.innerWidth >= WIDE_FROM ? TILE.wide : TILE.narrow;
    const wide = roomy ? roomy.wide : usual;
    attrs(holder, { "data-roomy": roomy ? roomy.wide : null });
    // Empty: as the style sheet has it.
    holder.style.setProperty("--tile", roomy ? `${roomy.wide}px` : "");
    holder.style.setProperty("--tall", roomy ? `${roomy.tall}px` : "");
    const columns = Math.max(4, Math.floor((holder.clientWidth + TILE.gap) / (wide + TILE.gap)));
    holder.style.setProperty("--columns", String(columns));
    const blocks = floor.zones
      .map((zone) => ({ zone, windows: floor.windows.filter((one) => one.zone === zone.code) }))
      .filter((block) => block.windows.length > 0);
    const names = new Map(floor.clerks.map((clerk) => /** @type {[string, string]} */ ([clerk.id, clerk.name])));
    const line = (/** @type {Block[]} */ one) => one.map((block) => block.zone.code).join();
    reconcile(holder, linesOf(blocks, columns, wide, holder.clientWidth), line, () => el("div", { class: "line" }), (node, one) => {
      reconcile(node, one, (block) => block.zone.code, makeBlock, (inner, block) => {
        text(part(inner, "zone-name"), named(block.zone.name, block.zone.name_en));
        text(part(inner, "zone-place"), placeOf(block.zone));
        text(part(inner, "zone-open"), openOf(block.windows));
        const tiles = part(inner, "tiles");
        tiles.style.setProperty("--wide", String(Math.min(columns, block.windows.length)));
        reconcile(tiles, block.windows, (window) => window.id, (window) => this._make(window), (tile, window) => {
          const kind = kindOf(window, floor, nowMs);
          const note = noteOf(window, kind, floor, nowMs);
          const clerk = window.clerk ? names.get(window.clerk) || window.clerk : "";
          attrs(tile, {
            "data-kind": kind,
            "data-window": window.id,
            "aria-pressed": window.id === chosen ? "true" : "false",
            title: clerk || null,
          });
          // Where there is room, who sits there stands in the tile.
          text(part(tile, "clerk"), roomy ? clerk : "");
          const label = part(tile, "label");
          text(label, window.label);
          attrs(label, { "data-len": window.label.length > 3 ? "long" : null });
          refill(part(tile, "state"), `${kind} ${note}`, () => {
            const sign = shape(SHAPES[kind]);
            attrs(sign, { "aria-hidden": null, role: "img", "aria-label": t(`floor.kind.${kind}`, { n: floor.thresholds.serving_min }) });
            return [sign, note];
          });
        });
      });
    });
    text(byId("windows-open"), openOf(floor.windows));
    renderLegend(floor, nowMs);
  }
}

function makeBlock() {
  return el(
    "div",
    { class: "zone" },
    el("h3", {}, el("span", { class: "zone-name" }), el("span", { class: "zone-place" }), el("span", { class: "zone-open" })),
    el("div", { class: "tiles" }),
  );
}

/** @param {Floor} floor @param {number} nowMs */
function renderLegend(floor, nowMs) {
  const counts = KINDS.map((kind) => floor.windows.filter((one) => kindOf(one, floor, nowMs) === kind).length);
  refill(byId("legend"), counts.join(), () =>
    KINDS.filter((kind) => kind !== "over" || floor.thresholds.serving_min > 0).map((kind) =>
      el(
        "span",
        { class: "entry" },
        el("span", { class: "key", "data-kind": kind }, shape(SHAPES[kind])),
        el("span", {}, t(`floor.kind.${kind}`, { n: floor.thresholds.serving_min })),
        el("strong", {}, String(counts[KINDS.indexOf(kind)])),
      ),
    ),
  );
}
