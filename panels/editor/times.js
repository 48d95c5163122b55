/** Moments of the hall as people read them. */

import { lang } from "/static/words.js";

/** Day and time in the hall's own time zone. @param {number} ms @param {string} timezone @returns {string} */
export function dateTime(ms, timezone) {
  const format = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : "zh-CN", {
    timeZone: timezone,
    month: lang === "en" ? "short" : "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
  return format.format(ms);
}
