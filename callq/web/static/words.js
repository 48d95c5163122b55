/**
 * Every visible string, Chinese first. `?lang=en` in the address chooses English.
 */

import { en } from "/static/words.en.js";
import { zh } from "/static/words.zh.js";

/** @typedef {keyof typeof zh} Key */

/** @type {"zh"|"en"} */
export const lang = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh";

/** @type {Object<string, string>} */
const catalogue = lang === "en" ? en : zh;

document.documentElement.lang = lang === "en" ? "en" : "zh-CN";

/**
 * The words for a key, `{name}` replaced by arguments.
 * @param {Key} key
 * @param {Object<string, string|number>} [args]
 * @returns {string}
 */
export function t(key, args) {
  return catalogue[key].replace(/\{(\w+)\}/g, (whole, name) =>
    args && Object.prototype.hasOwnProperty.call(args, name) ? String(args[name]) : whole,
  );
}

/**
 * The words for a key that is made of a code, or for `fallback` where the code is new to us.
 * @param {string} key
 * @param {Key} fallback
 * @param {Object<string, string|number>} [args]
 * @returns {string}
 */
export function tCode(key, fallback, args) {
  return t(/** @type {Key} */ (Object.prototype.hasOwnProperty.call(catalogue, key) ? key : fallback), args);
}

/**
 * A name in the page's language; Chinese where there is no English one.
 * @param {string} name
 * @param {string} nameEn
 * @returns {string}
 */
export function named(name, nameEn) {
  return (lang === "en" && nameEn) || name;
}

/**
 * Where a zone is, to stand beside its name: in English the name has to do where its place is known in Chinese only.
 * @param {string} place
 * @param {string} placeEn
 * @param {string} nameEn of the zone
 * @returns {string}
 */
export function placed(place, placeEn, nameEn) {
  return lang === "en" ? placeEn || (nameEn ? "" : place) : place;
}

/**
 * The first part of a place in English, `Floor 2` of `Floor 2, south hall`, where there is no room for more.
 * @param {string} place
 * @returns {string}
 */
export function inShort(place) {
  return lang === "en" ? place.split(",")[0] : place;
}

/**
 * What a refusal means for the person at the page: what, why, what now.
 * @param {import("/static/wire.js").Problem} problem
 * @returns {string}
 */
export function refusal(problem) {
  const seconds = Math.max(1, Math.ceil((problem.retry_ms || 0) / 1000));
  const code = problem.retry_ms && problem.code === "too_soon" ? "too_soon_wait" : problem.code;
  return tCode(`refused.${code}`, "refused.other", { seconds, code: problem.code });
}

/**
 * The receipt of an act that was refused, or that nobody confirmed: that one may have been done.
 * @param {string} act its name
 * @param {import("/static/wire.js").Problem} problem
 * @param {string} [why]
 * @returns {string}
 */
export function notDone(act, problem, why = refusal(problem)) {
  return t(problem.code === "unconfirmed" ? "receipt.unconfirmed" : "receipt.refused", { act, why });
}

/** Fill every `data-t` of the page's own HTML; once, at the start. */
export function translatePage() {
  document.querySelectorAll("[data-t]").forEach((node) => {
    node.textContent = t(/** @type {Key} */ (node.getAttribute("data-t")));
  });
}
