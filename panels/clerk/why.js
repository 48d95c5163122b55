/** Why this ticket: one sentence with numbers that the next person in the hall would accept. */

import { minutes } from "/static/clock.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").PanelTicket} PanelTicket */

/**
 * @param {PanelTicket} one
 * @param {number} waitedS seconds, as it is shown beside the sentence
 * @returns {string}
 */
export function whySentence(one, waitedS) {
  // Between hanzi and digits stands a space, between hanzi and hanzi none.
  const wait = waitWords(waitedS).replace(/^(?=[\w<])/, " ");
  if (!one.why || one.why.rule !== "longest_wait") return t("panel.why.unknown", { wait });
  const lanes = one.why.lanes.length;
  return lanes > 1 ? t("panel.why.longest", { wait, lanes }) : t("panel.why.longestOnly", { wait });
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
