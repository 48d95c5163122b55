/** Why this ticket: one sentence with numbers that the next person in the hall would accept. */

import { minutes } from "/static/clock.js";
import { named, t } from "/static/words.js";

/** @typedef {import("/static/wire.js").PanelTicket} PanelTicket */

/**
 * The server's sentence, in the page's language.
 * @param {PanelTicket} one
 * @returns {string}
 */
export function whySentence(one) {
  return one.why ? named(one.why.text, one.why.text_en) : "";
}

/** @typedef {import("/static/wire.js").LeftTo} LeftTo */

/**
 * What the server says of somebody who is left to a better clerk, as long as that holds; then that it is over.
 * @param {LeftTo} one
 * @param {number} nowMs
 * @returns {string}
 */
export function leftSentence(one, nowMs) {
  const over = one.until_ms !== null && one.until_ms <= nowMs;
  return over ? t("panel.left.over", { number: one.number }) : named(one.text, one.text_en);
}

/**
 * How long somebody has waited; nobody has waited for 0 minutes.
 * @param {number} waitedS seconds
 */
export function waitWords(waitedS) {
  const n = minutes(waitedS);
  return n > 0 ? t("minutes", { n }) : t("minutes.none");
}

/**
 * People in the lane that was chosen, or null where the explanation does not tell.
 * @param {PanelTicket} one
 * @returns {number|null}
 */
export function laneCount(one) {
  const lane = one.why && one.why.lanes.find((candidate) => candidate.head === one.ticket.number);
  return lane ? lane.count : null;
}
