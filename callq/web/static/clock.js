/**
 * The server's clock, and how its times are written. A wall screen's own clock is often wrong by
 * minutes and in another time zone; the hall's time comes with every pong and snapshot.
 */

import { lang, t } from "/static/words.js";

const SAMPLES = 8;

export class Clock {
  constructor() {
    /** @type {{offset: number, rtt: number}[]} newest last; server time minus performance.now() */
    this._samples = [];
    this._offset = Date.now() - performance.now();
  }

  /** Server time now, Unix milliseconds; never set back by a change of the device's own clock. */
  now() {
    return performance.now() + this._offset;
  }

  /**
   * Learn from a pong: `sentMs` and `receivedMs` are performance.now() around the round trip.
   * @param {number} serverMs
   * @param {number} sentMs
   * @param {number} receivedMs
   */
  sample(serverMs, sentMs, receivedMs) {
    const rtt = receivedMs - sentMs;
    this._samples.push({ offset: serverMs - (sentMs + receivedMs) / 2, rtt });
    if (this._samples.length > SAMPLES) this._samples.shift();
    const best = Math.min(...this._samples.map((s) => s.rtt));
    // The newest of the quick ones: a slow round trip says little, an old one misses a clock that was set.
    const good = this._samples.filter((s) => s.rtt <= best * 2 + 20);
    this._offset = good[good.length - 1].offset;
  }

  /**
   * Until the first pong, a snapshot's time (late by one way of the network) is better than the device's.
   * @param {number} serverMs
   */
  hint(serverMs) {
    if (this._samples.length === 0) this._offset = serverMs - performance.now();
  }
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} timezone IANA name
 * @param {string} locale
 * @returns {Intl.DateTimeFormat}
 */
function format(timezone, locale) {
  const key = `${timezone} ${locale}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, {
      timeZone: timezone,
      hour12: false,
      month: locale === "en" ? "short" : "numeric",
      day: "numeric",
      weekday: "long",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(key, found);
  }
  return found;
}

/**
 * @param {number} ms
 * @param {string} timezone
 * @returns {Object<string, string>}
 */
function parts(ms, timezone) {
  /** @type {Object<string, string>} */
  const out = {};
  for (const part of format(timezone, lang === "en" ? "en" : "zh-CN").formatToParts(new Date(ms))) {
    out[part.type] = part.value;
  }
  return out;
}

/**
 * 10:24, in the hall's time zone.
 * @param {number} ms
 * @param {string} timezone
 */
export function hourMinute(ms, timezone) {
  const p = parts(ms, timezone);
  const hour = p.hour === "24" ? "00" : p.hour; // some engines write midnight as 24
  return `${hour.padStart(2, "0")}:${p.minute.padStart(2, "0")}`;
}

/**
 * 11月23日 and 星期一.
 * @param {number} ms
 * @param {string} timezone
 * @returns {{date: string, weekday: string}}
 */
export function dateParts(ms, timezone) {
  const p = parts(ms, timezone);
  // Some engines put the hanzi into the part.
  const month = lang === "en" ? p.month : p.month.replace(/\D/g, "");
  return { date: t("date", { month, day: p.day.replace(/\D/g, "") }), weekday: p.weekday };
}

/**
 * 4:12, or 1:04:12 from an hour on.
 * @param {number} ms a duration; below zero reads as zero
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(seconds % 60)}` : `${m}:${two(seconds % 60)}`;
}

/**
 * Whole minutes of a duration in seconds.
 * @param {number} seconds
 */
export function minutes(seconds) {
  return Math.max(0, Math.floor(seconds / 60));
}
