/** The footer: one notice at a time, still; or what to do while the picture is old. */

import { attrs, byId, fill, shape, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { digitsWide, setFit } from "/pages/tv/size.js";

const TURN_MS = 12000;
const FADE_MS = 200;
/** Hanzi that the sign of an urgent one takes up. */
const SIGN = 2;
/** Hanzi that fit at the smallest size; in portrait in two lines. */
const LINE = { landscape: 53, portrait: 46 };
/** Up to which the larger two sizes hold; without chip and count there is more room. */
const FITS = { landscape: [41, 46], portrait: [19.5, 22], stale: [24, 28] };

/**
 * A notice that is too long for the line becomes several, cut behind punctuation: nobody can read a
 * moving line from ten metres.
 * @param {string} words
 * @param {number} limit hanzi
 * @returns {string[]}
 */
export function cut(words, limit) {
  const out = [];
  let rest = words.trim();
  while (digitsWide(rest) / 1.75 > limit) {
    let end = 0;
    let width = 0;
    let last = 0;
    let sentence = 0;
    for (const char of rest) {
      width += digitsWide(char) / 1.75;
      if (width > limit) break;
      end += char.length;
      if ("，。；：！？,.; ".indexOf(char) >= 0) last = end;
      if ("。！？".indexOf(char) >= 0 || /^[.!?] /.test(rest.slice(end - 1))) sentence = end;
    }
    const [at] = [sentence, last].filter((found) => found > end / 3).concat(end);
    out.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  if (rest) out.push(rest);
  return out;
}

export class Notices {
  constructor() {
    this._turn = 0;
    this._turnedMs = 0;
    this._shown = "";
    this._timer = 0;
  }

  /**
   * @param {import("/pages/tv/suspended.js").Line[]} notices
   * @param {string|null} stale what to say instead while the picture is old
   * @param {number} [taken] hanzi that something else in the line takes up
   */
  render(notices, stale, taken = 0) {
    const portrait = window.innerHeight > window.innerWidth;
    const urgent = notices.some((notice) => notice.urgent);
    const less = taken + (urgent ? SIGN : 0);
    const limit = portrait ? LINE.portrait - 2 * less : LINE.landscape - less;
    const lines = notices.reduce(
      (all, { words, urgent: now }) => all.concat(cut(words, limit).map((part) => ({ words: part, urgent: now }))),
      /** @type {import("/pages/tv/suspended.js").Line[]} */ ([]),
    );
    if (performance.now() - this._turnedMs >= TURN_MS) {
      this._turn += 1;
      this._turnedMs = performance.now();
    }
    const n = lines.length ? this._turn % lines.length : 0;
    const line = lines[n] || { words: t("tv.tipText"), urgent: false };
    const words = stale || line.words;
    const loud = stale === null && line.urgent;
    const page = !stale && lines.length > 1 ? t("tv.page", { n: n + 1, total: lines.length }) : "";
    const key = `${words} ${page} ${less} ${loud} ${portrait}`;
    if (key === this._shown) return;
    const first = this._shown === "";
    this._shown = key;
    attrs(byId("foot"), { "data-stale": stale !== null, "data-urgent": loud });
    attrs(byId("foot-chip"), { hidden: stale !== null });
    text(byId("foot-chip"), t(loud ? "tv.urgent" : lines.length ? "tv.notice" : "tv.tip"));
    fill(byId("foot-sign"), stale ? [shape("triangle")] : loud ? [shape("octagon")] : []);
    text(byId("notice-page"), page);
    const fits = portrait ? (stale ? FITS.stale : FITS.portrait) : FITS.landscape;
    this._write(words, fits.map((most) => most - less), first || stale !== null || loud);
  }

  /** @param {string} words @param {number[]} fits @param {boolean} atOnce */
  _write(words, fits, atOnce) {
    const node = byId("notice");
    const set = () => {
      text(node, words);
      setFit(node, words, fits);
      node.classList.remove("fading");
    };
    // What is on its way out must not come back over what cannot wait.
    window.clearTimeout(this._timer);
    if (atOnce) {
      set();
    } else {
      node.classList.add("fading");
      this._timer = window.setTimeout(set, FADE_MS);
    }
  }
}
