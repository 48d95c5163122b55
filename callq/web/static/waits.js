/** Waiting times as people are told them: a range in minutes, never one exact figure, never nought. */

import { hourMinute } from "/static/clock.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Wait} Wait */
/** @typedef {import("/static/wire.js").Ticketing} Ticketing */

/** From here on minutes are rounded to five: more would pretend to know. */
const COARSE_MIN = 10;
const DAY_MS = 24 * 60 * 60 * 1000;

/** @param {number} minutes @param {(n: number) => number} round */
function step(minutes, round) {
  return minutes > COARSE_MIN ? round(minutes / 5) * 5 : round(minutes);
}

/**
 * `20–30`, in minutes; null where nothing honest can be said.
 * @param {Wait|null} wait
 * @returns {string|null}
 */
export function waitRange(wait) {
  if (!wait || wait.low_s === null || wait.high_s === null) return null;
  const low = Math.max(1, step(wait.low_s / 60, Math.floor));
  let high = Math.max(low, step(wait.high_s / 60, Math.ceil));
  if (high === low) high += low >= COARSE_MIN ? 5 : 1;
  return `${low}–${high}`;
}

/**
 * Whether a service gives tickets now: what the server said ages by the clock alone.
 * @param {Ticketing} ticketing
 * @param {number} nowMs server time
 */
export function isIssuing(ticketing, nowMs) {
  if (ticketing.open) return !ticketing.until_ms || nowMs < ticketing.until_ms;
  return ticketing.closed === "outside_session" && Boolean(ticketing.next_ms) && nowMs >= Number(ticketing.next_ms);
}

/**
 * Why a service gives no tickets, in the fewest words: from when it does again, where that is today.
 * @param {Ticketing} ticketing
 * @param {number} nowMs server time
 * @param {string} timezone
 */
export function whyNotIssuing(ticketing, nowMs, timezone) {
  const next = ticketing.next_ms;
  if (next && next > nowMs && next - nowMs < DAY_MS / 2) return t("wait.from", { time: hourMinute(next, timezone) });
  if (ticketing.closed === "quota_exhausted") return t("wait.full");
  return t(ticketing.closed === "service_closed" ? "wait.stopped" : "wait.over");
}
