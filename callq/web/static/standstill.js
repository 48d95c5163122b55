/** Why the hall stands still, in the page's language. */

import { lang, t } from "/static/words.js";

/** Reasons in Chinese by what people have to do; whoever may have to leave is told so. @type {[RegExp, "standstill.leave"|"standstill.power"|"standstill.network"][]} */
const KINDS = [
  [/疏散|撤离|撤出|离开|离场|出口|消防|火|烟|燃气|煤气|地震|警报/, "standstill.leave"],
  [/停电|断电|电力|供电/, "standstill.power"],
  [/网络|断网|系统/, "standstill.network"],
];

/**
 * The reason as it was given; in English, where it was given in Chinese only, standing words for its kind.
 * @param {import("/static/wire.js").Suspended} suspended
 * @returns {string} empty where no reason was given
 */
export function reasonOf({ reason, reason_en: english }) {
  if (lang !== "en" || english || !reason) return (lang === "en" && english) || reason;
  const kind = KINDS.find(([words]) => words.test(reason));
  return t(kind ? kind[1] : "standstill.other");
}
