/** What is done here, where one waits for it, how many do, and how long that takes. */

import { attrs, byId, el, text } from "/static/dom.js";
import { isIssuing, waitRange, whyNotIssuing } from "/static/waits.js";
import { lang, named, placed, t } from "/static/words.js";
import { refill } from "/pages/tv/lists.js";
import { digitsWide, setFit } from "/pages/tv/size.js";
import { pageNow, pagesOf } from "/pages/tv/turn.js";

/** @typedef {import("/static/wire.js").EntranceService} EntranceService */

/** On a page; names in English take up to three lines, and half of one would name another service. */
const ROWS = lang === "en" ? 8 : 12;
/** Digits that stand in the column. */
const WINDOWS_WIDE = 14;
/** Up to so many digits a place leaves a line for the windows; in English it takes two by itself. */
const PLACE_WIDE = lang === "en" ? { landscape: 12, portrait: 24 } : { landscape: 24, portrait: 40 };
/** So few have two lines each, in larger letters. */
const FEW = 5;
/** Hanzi up to which the larger sizes hold; with few rows there is more room. */
const FITS = { landscape: { name: [5.2, 6.2], to: [6.8, 8.4] }, portrait: { name: [8, 9.5], to: [9.8, 12.5] } };
const FITS_FEW = { landscape: { name: [5.7, 7], to: [7.8, 9.2] }, portrait: { name: [9.8, 12], to: [13, 15.5] } };

/**
 * The last column: minutes, or why there are none.
 * @param {EntranceService} service
 * @param {number} nowMs
 * @param {string} timezone
 * @returns {{words: string, figure: boolean, counts: boolean}} `counts`: whether how many wait is of use
 */
function waitOf(service, nowMs, timezone) {
  if (!isIssuing(service.ticketing, nowMs)) {
    const words = whyNotIssuing(service.ticketing, nowMs, timezone);
    return { words, figure: false, counts: service.count > 0 };
  }
  if (service.working === 0) return { words: t("wait.noWindow"), figure: false, counts: true };
  if (service.count === 0) return { words: t("wait.none"), figure: false, counts: true };
  const range = waitRange(service.wait);
  return { words: range || t("wait.unknown"), figure: range !== null, counts: true };
}

/** The floor says more than the zone's name. @param {EntranceService} service */
const placeOf = (service) =>
  placed(service.zone_place, service.zone_place_en, service.zone_name_en) || named(service.zone_name, service.zone_name_en);

/** @param {EntranceService} service @param {ReturnType<typeof waitOf>} wait @param {boolean} few */
function row(service, wait, few) {
  const name = named(service.name, service.name_en);
  const place = placeOf(service);
  const all = service.windows.split("、").join(t("listComma"));
  // Half a list of windows would be wrong; where people wait they are told the rest.
  const shape = window.innerHeight > window.innerWidth ? "portrait" : "landscape";
  const windows = digitsWide(all) > WINDOWS_WIDE || digitsWide(place) > PLACE_WIDE[shape] ? "" : all;
  const what = el("span", { class: "name" }, name);
  const to = el("td", { class: "to", "data-alone": windows === "" }, el("strong", {}, place), el("span", { class: "windows" }, windows));
  const minutes = el("td", { class: "minutes", "data-figure": wait.figure }, wait.words);
  const fits = (few ? FITS_FEW : FITS)[shape];
  setFit(what, name, fits.name);
  setFit(to, `${place}${windows}`, fits.to);
  setFit(minutes, wait.words, wait.figure ? [3.2] : [4.2, 5.2]);
  return el(
    "tr",
    {},
    el("th", { class: "what", scope: "row" }, el("span", { class: "tile", "data-len": service.prefix.length }, service.prefix), what),
    to,
    el("td", { class: "people" }, wait.counts ? String(service.count) : ""),
    minutes,
  );
}

/**
 * @param {EntranceService[]} services
 * @param {number} nowMs server time
 * @param {string} timezone
 */
export function renderServices(services, nowMs, timezone) {
  const pages = pagesOf(services, ROWS);
  const n = pageNow(pages.length, nowMs);
  const shown = (pages[n] || []).map((service) => ({ service, wait: waitOf(service, nowMs, timezone) }));
  const most = pages.length ? pages[0].length : 0;
  text(byId("services-page"), pages.length > 1 ? t("tv.page", { n: n + 1, total: pages.length }) : "");
  const few = most <= FEW;
  attrs(byId("services"), { "data-loose": most <= 8, "data-few": few });
  const key = shown.map(({ service, wait }) => [service.prefix, service.name, placeOf(service), service.windows, service.count, wait.words].join()).join(";");
  refill(byId("services"), `${key} ${few}`, () => shown.map(({ service, wait }) => row(service, wait, few)));
}
