/** A hall that stands still: since when, why, and what people do. */

import { hourMinute } from "/static/clock.js";
import { reasonOf } from "/static/standstill.js";
import { named, t } from "/static/words.js";

/** @typedef {{words: string, urgent: boolean}} Line */

/**
 * What the footer says: what cannot wait, and nothing else beside it; otherwise what was stopped, and the notices.
 * @param {{suspended?: import("/static/wire.js").Suspended|null, notices: import("/static/wire.js").Notice[]}} data
 * @param {number} nowMs server time
 * @param {string[]} [stopped] services that give no tickets
 * @returns {Line[]}
 */
export function linesNow(data, nowMs, stopped = []) {
  const told = data.notices
    .filter((notice) => notice.until_ms === null || notice.until_ms > nowMs)
    .map((notice) => ({ words: named(notice.text, notice.text_en), urgent: notice.kind === "urgent" }));
  const urgent = told.filter((line) => line.urgent);
  const plain = (/** @type {string} */ words) => ({ words, urgent: false });
  if (data.suspended) return urgent.concat(plain(t("tv.suspendedFoot")));
  return urgent.length ? urgent : stopped.map(plain).concat(told);
}

/**
 * A line for each service that gives no tickets since somebody stopped it: why, and where to ask.
 * @param {{name: string, name_en: string, ticketing?: import("/static/wire.js").Ticketing}[]} services
 * @returns {string[]}
 */
export function stoppedLines(services) {
  return services
    .filter((service) => service.ticketing && service.ticketing.closed === "service_closed")
    .map((service) => {
      const reason = service.ticketing && named(service.ticketing.reason, service.ticketing.reason_en);
      const name = named(service.name, service.name_en);
      return reason ? t("tv.stoppedWhy", { name, reason }) : t("tv.stopped", { name });
    });
}

/**
 * @param {import("/static/wire.js").Suspended} suspended
 * @param {string} timezone
 */
export function suspendedWords(suspended, timezone) {
  const time = hourMinute(suspended.since_ms, timezone);
  return [reasonOf(suspended), t("tv.suspendedHint", { time })].filter(Boolean).join("\n");
}
