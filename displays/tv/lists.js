/** The three lists beside the large call: recent calls, people waiting, missed numbers. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { inShort, lang, named, t, tCode } from "/static/words.js";
import { setFit, setLabel, setNumber } from "/pages/tv/size.js";
import { pageNow, pagesOf } from "/pages/tv/turn.js";

/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

/** Unless the hall file says so; in portrait the last is left out. */
const RECENT = 7;
/** Names in English take two lines: cut in one, two services read the same. */
const WAITING_PAGE = lang === "en" ? 6 : 12;
const MISSED = 8;

/**
 * Replace a list only when it says something else, so that a screen at rest paints nothing.
 * @param {Element} list
 * @param {string} key all that the rows say
 * @param {() => Node[]} rows
 */
export function refill(list, key, rows) {
  if (list.getAttribute("data-key") === key) return;
  list.setAttribute("data-key", key);
  fill(list, rows());
}

/** @param {BoardCall} call @param {string} where the place to tell, if any @param {boolean} fresh it was called just now */
function recentRow(call, where, fresh) {
  const number = el("span", { class: "number" });
  const label = el("span");
  // Where to go matters more than how often it was said, and both have room only in few words.
  const notes = [call.calls > 1 && where.length <= 2 ? t("tv.again") : "", inShort(where)].filter(Boolean);
  const note = el("span", { class: "note" }, ...notes.map((words) => el("span", {}, words)));
  setNumber(number, call.number);
  setLabel(label, call.label);
  setFit(note, notes.reduce((longest, words) => (words.length > longest.length ? words : longest), ""), [2, 3, 4]);
  const arrow = el("span", { class: "arrow" }, shape("arrow"));
  return el("li", { "data-now": fresh }, number, arrow, el("span", { class: "plate" }, label), note);
}

let recentFirst = "";

/**
 * @param {BoardCall[]} calls newest first
 * @param {(call: BoardCall) => string} where
 * @param {boolean} others there is a call beside these, in the large place
 * @param {(call: BoardCall) => boolean} fresh whether one was called just now and is highlighted still
 * @param {number|null} most how many are listed; null: as many as the drawing has
 */
export function renderRecent(calls, where, others, fresh, most) {
  const rows = calls.slice(0, most || RECENT);
  attrs(byId("recent-card"), { "data-rows": most });
  const list = byId("recent");
  const key = rows.map((call) => [call.number, call.label, call.calls, where(call), fresh(call)].join()).join(";");
  refill(list, `${key} ${others}`, () => {
    const empty = el("li", { class: "none" }, t(others ? "tv.recentNone" : "tv.nothing"));
    return rows.length ? rows.map((call) => recentRow(call, where(call), fresh(call))) : [empty];
  });
  const first = rows.length ? rows[0].number : "";
  if (first === recentFirst) return;
  list.classList.remove("moved");
  if (recentFirst !== "" && first !== "") {
    list.getBoundingClientRect(); // a restart of the animation needs a layout between
    list.classList.add("moved");
  }
  recentFirst = first;
}

/**
 * @param {import("/static/wire.js").BoardWaiting[]} services in hall order
 * @param {number} nowMs turns the pages of a hall with more services than fit
 */
export function renderWaiting(services, nowMs) {
  const list = byId("waiting");
  const pages = pagesOf(services, WAITING_PAGE);
  const n = pageNow(pages.length, nowMs);
  const rows = pages[n] || [];
  text(byId("waiting-page"), pages.length > 1 ? t("tv.page", { n: n + 1, total: pages.length }) : "");
  attrs(list, { "data-rows": Math.max(3, Math.ceil((pages.length ? pages[0].length : 0) / 2)) });
  const key = rows.map((service) => [service.prefix, service.name, service.count].join()).join(";");
  const item = (/** @type {import("/static/wire.js").BoardWaiting} */ service) => {
    const name = named(service.name, service.name_en);
    const words = el("span", { class: "name" }, name);
    setFit(words, `${name}${service.count}`, [6.2, 7.2]);
    const tile = el("span", { class: "tile", "data-len": service.prefix.length }, service.prefix);
    return el("li", {}, tile, words, el("span", { class: "people" }, String(service.count)));
  };
  refill(list, key, () => (rows.length ? rows.map(item) : [el("li", { class: "none" }, t("tv.waitingNone"))]));
}

/**
 * @param {import("/static/wire.js").BoardMissed[]} missed newest first
 * @param {number} shownMin how long a number stays in the list
 * @param {number} nowMs server time: in a quiet hall nothing else tells that a number has been there long enough
 * @param {string} [policy] what the hall lets become of a missed number
 */
export function renderMissed(missed, shownMin, nowMs, policy = "") {
  const list = byId("missed");
  const rows = missed.filter((one) => nowMs - one.at_ms <= shownMin * 60000).slice(0, MISSED);
  const item = (/** @type {import("/static/wire.js").BoardMissed} */ one) => {
    const number = el("li", { class: "number" });
    setNumber(number, one.number);
    return number;
  };
  attrs(list, { "data-many": rows.length > 4 });
  const key = rows.map((one) => one.number).join();
  refill(list, key, () => (rows.length ? rows.map(item) : [el("li", { class: "none" }, t("tv.missedNone"))]));
  text(byId("missed-rule"), rows.length ? tCode(`tv.missedRule.${policy}`, "tv.missedRule", { n: shownMin }) : "");
}
