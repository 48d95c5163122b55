/** The header: hall, zone, connection and the hall's own time. */

import { dateParts, hourMinute } from "/static/clock.js";
import { attrs, byId, shape, text } from "/static/dom.js";
import { named, placed, t } from "/static/words.js";

/** The last size stands in two lines. */
const SMALLEST = 3;
let fitted = "";

/** The hall's name is never cut: it gets smaller until it fits. Measured only when something changed. */
function fitName() {
  const node = byId("hall");
  const key = `${node.textContent} ${node.clientWidth}`;
  if (key === fitted) return;
  fitted = key;
  for (let step = 0; step <= SMALLEST; step += 1) {
    attrs(node, { "data-fit": step });
    if (node.scrollWidth <= node.clientWidth) return;
  }
}

/** A line that is too narrow drops whole parts, the place first: half a number would be wrong. */
function makeRoom() {
  const line = byId("where");
  const parts = [byId("zone-place"), byId("windows")];
  parts.forEach((part) => attrs(part, { hidden: false }));
  parts.forEach((part) => attrs(part, { hidden: line.scrollWidth > line.clientWidth }));
}

/**
 * @param {import("/static/wire.js").Place} place
 * @param {string} [what] the page shows, in place of a zone
 */
export function renderPlace(place, what) {
  const name = named(place.name, place.name_en);
  const zone = named(place.zone_name, place.zone_name_en);
  const windows = place.windows.split("、").join(t("listComma"));
  text(byId("hall"), name);
  text(byId("zone"), what || zone || t("tv.wholeHall"));
  text(byId("zone-place"), placed(place.zone_place, place.zone_place_en, place.zone_name_en));
  text(byId("windows"), windows ? t("tv.windows", { windows }) : "");
  fitName();
  makeRoom();
  document.title = `${what || t("tv.title")} ${zone || name}`;
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
