/** How long things last, in the fewest characters. */

import { t } from "/static/words.js";

const MINUTE_MS = 60000;
const HOUR_MIN = 60;
/** From here on minutes say nothing. */
const HOURS_FROM_MIN = 100;

/** Whole minutes of a duration. @param {number} ms */
export const wholeMinutes = (ms) => Math.max(0, Math.floor(ms / MINUTE_MS));

/** 5 分, or 2 时. @param {number} ms */
export function short(ms) {
  const n = wholeMinutes(ms);
  return n >= HOURS_FROM_MIN ? t("floor.hours", { n: Math.floor(n / HOUR_MIN) }) : t("floor.minutes", { n });
}
