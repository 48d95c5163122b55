/** Moments, lengths and doers of a case, as people say them, and who is at it. */

import { dateParts, hourMinute } from "/static/clock.js";
import { t } from "/static/words.js";

const HOUR_MS = 3600000;

/** @param {number} ms @param {string} timezone */
export const moment = (ms, timezone) => `${dateParts(ms, timezone).date} ${hourMinute(ms, timezone)}`;

/** Whole hours, or days from two on; at least one hour. @param {number} ms */
function length(ms) {
  const hours = Math.max(1, Math.round(ms / HOUR_MS));
  return hours < 48 ? t("cases.hours", { n: hours }) : t("cases.days", { n: Math.round(hours / 24) });
}

/** @param {number} dueMs @param {number} nowMs */
export const dueWords = (dueMs, nowMs) =>
  nowMs > dueMs ? t("cases.late", { time: length(nowMs - dueMs) }) : t("cases.left", { time: length(dueMs - nowMs) });

/** Who did something: as the token is called, else the end of its id. @param {{by: string, by_name: string}} one */
export const who = (one) => one.by_name || one.by.slice(-6);

/** @param {import("/static/wire.js").CaseAct} act */
export const byWords = (act) => t("cases.by", { who: who(act) });

/** Who is calling back now. @param {import("/static/wire.js").Case} one @param {number} nowMs */
export const takenNow = (one, nowMs) => (one.taken && nowMs < one.taken.until_ms ? one.taken : null);

/** @param {import("/static/wire.js").Case} one @param {number} nowMs */
export const stateWords = (one, nowMs) => t(takenNow(one, nowMs) ? "cases.calling" : `cases.${one.state}`);
