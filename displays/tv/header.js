/** The header: hall, zone, connection and the hall's own time. */

import { dateParts, hourMinute } from "/static/clock.js";
import { attrs, byId, shape, text } from "/static/dom.js";
import { lang, t } from "/static/words.js";

/** A line that is too narrow drops whole parts, the place first: half a number would be wrong. */
function makeRoom() {
  const line = byId("where");
  const parts = [byId("zone-place"), byId("windows")];
  parts.forEach((part) => attrs(part, { hidden: false }));
  parts.forEach((part) => attrs(part, { hidden: line.scrollWidth > line.clientWidth }));
}

/** @param {import("/static/wire.js").Place} place */
export function renderPlace(place) {
  const name = (lang === "en" && place.name_en) || place.name;
  text(byId("hall"), name);
  text(byId("zone"), place.zone_name || t("tv.wholeHall"));
  text(byId("zone-place"), place.zone_place);
  text(byId("windows"), place.windows ? t("tv.windows", { windows: place.windows }) : "");
  makeRoom();
  document.title = `${t("tv.title")} ${place.zone_name || name}`;
}

/**
 * @param {number} nowMs server time
 * @param {string} timezone
 */
export function renderTime(nowMs, timezone) {
  const day = dateParts(nowMs, timezone);
  text(byId("time"), hourMinute(nowMs, timezone));
  text(byId("date"), day.date);
  text(byId("weekday"), day.weekday);
}

/**
 * Live or lost, as shape and words.
 * @param {boolean} live
 * @param {string} words
 */
export function renderLink(live, words) {
  const node = byId("link");
  if (node.textContent === words) return;
  node.textContent = words;
  node.insertBefore(shape(live ? "disc" : "triangle"), node.firstChild);
}
