/** Where a call is, in a word beside it, and only for people who would otherwise go to the wrong place. */

import { lang, named, placed, t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Board} Board */
/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

/** @param {BoardCall} call */
const zoneOf = (call) => named(call.zone_name, call.zone_name_en);

/** The floor says more than the zone's name. @param {BoardCall} call */
const placeOf = (call) => placed(call.zone_place, call.zone_place_en, call.zone_name_en) || zoneOf(call);

/**
 * @param {BoardCall} call
 * @param {Board} board
 * @returns {string} empty where it would tell nothing: here, or where everything else is as well
 */
export function whereOf(call, board) {
  const { place, calls } = board;
  if (place.zone !== null) {
    if (call.zone === place.zone) return "";
    return call.zone_place === place.zone_place ? zoneOf(call) : placeOf(call);
  }
  if (calls.some((other) => placeOf(other) !== placeOf(call))) return placeOf(call);
  return calls.some((other) => other.zone !== call.zone) ? zoneOf(call) : "";
}

/**
 * A place and the way there in one sentence, nothing said twice: 一楼西厅 and 西厅北侧 are 一楼西厅北侧.
 * @param {string} place empty: none has to be told
 * @param {string} way
 * @returns {string}
 */
export function wayTo(place, way) {
  const [here, there] = [place.toLowerCase(), way.toLowerCase()];
  const floor = /^.{1,3}楼|^[^,]*/.exec(here);
  if (!place || (floor && there.indexOf(floor[0]) >= 0)) return way;
  let same = Math.min(place.length, way.length);
  while (same > 1 && !here.endsWith(there.slice(0, same))) same -= 1;
  if (same > 1) return place + way.slice(same);
  const rest = lang === "en" ? way.charAt(0).toLowerCase() + way.slice(1) : way;
  return [place, rest].filter(Boolean).join(t("comma"));
}
