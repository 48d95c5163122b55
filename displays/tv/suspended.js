/** A hall that stands still: since when, why, and what people do. */

import { hourMinute } from "/static/clock.js";
import { t } from "/static/words.js";

/**
 * What the footer says meanwhile.
 * @param {{suspended?: import("/static/wire.js").Suspended|null, notices: string[]}} data
 */
export const noticesNow = (data) => (data.suspended ? [t("tv.suspendedFoot")] : data.notices);

/**
 * @param {import("/static/wire.js").Suspended} suspended
 * @param {string} timezone
 */
export function suspendedWords(suspended, timezone) {
  const time = hourMinute(suspended.since_ms, timezone);
  return [suspended.reason, t("tv.suspendedHint", { time })].filter(Boolean).join("\n");
}
