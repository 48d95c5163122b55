/** The frame of the pages of staff: how the line is, what stands above everything, the figures of the head. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, shape } from "/static/dom.js";
import { t } from "/static/words.js";
import { reconcile, refill } from "/pages/floor/list.js";

/** @typedef {import("/static/feed.js").Status} Status */

/** Since when the line is as it is. @param {Status} status @param {string} timezone */
export const sinceTime = (status, timezone) => (status.sinceMs === null ? "" : hourMinute(status.sinceMs, timezone));

/**
 * @param {Status} status
 * @param {string} timezone
 * @param {string} refused what the head says of a page that nothing is shown on
 * @param {string} words why there is nothing, or that what is shown is old or stands still; empty: nothing stands above
 */
export function renderFrame(status, timezone, refused, words) {
  attrs(byId("banner"), { hidden: words === "" });
  refill(byId("banner"), words, () => (words ? [shape("triangle"), words] : []));
  const link = { connecting: t("connecting"), live: t("live"), lost: t("lost", { time: sinceTime(status, timezone) }), refused }[status.phase];
  refill(byId("top-link"), link, () => [shape(status.phase === "live" ? "disc" : "triangle"), link]);
}

/** @param {[string, string, string][]} rows label, number, and what stands behind it */
export function renderTotals(rows) {
  reconcile(byId("totals"), rows, (row) => row[0], (row) => el("div", {}, el("dt", {}, row[0]), el("dd", {})), (node, row) => {
    const value = node.lastElementChild;
    if (value) refill(value, row.join(), () => [el("strong", {}, row[1]), row[2]]);
  });
}
