/**
 * The letters that a name is looked for by: of hanzi the first of their pinyin, of English words all of them.
 * Which letter a hanzi has is read off the browser's own order of hanzi, which is by pinyin.
 */

/** The first hanzi of each letter in that order; no pinyin begins with i, u or v. */
const FIRST = { a: "阿", b: "八", c: "嚓", d: "哒", e: "妸", f: "发", g: "旮", h: "哈", j: "讥", k: "咔", l: "垃", m: "妈", n: "拏", o: "噢", p: "妑", q: "七", r: "呥", s: "仨", t: "他", w: "穵", x: "夕", y: "丫", z: "帀" };

/** Hanzi that are read in more than one way. @type {Object<string, string>} */
const READINGS = { 伺: "cs", 匙: "cs", 吁: "xy", 咯: "gk", 咳: "hk", 埔: "bp", 曾: "cz", 槛: "jk", 泊: "bp", 畜: "cx", 脯: "fp", 茄: "jq", 蛤: "gh", 轧: "yz", 辟: "bp", 重: "cz", 长: "cz", 行: "hx", 调: "dt", 传: "cz", 参: "cs", 给: "gj", 车: "cj", 会: "hk", 单: "ds", 石: "ds", 朝: "cz", 乐: "ly", 藏: "cz", 校: "xj", 还: "hx", 厦: "xs" };

export const LETTERS = "abcdefghijklmnopqrstuvwxyz";

const order = new Intl.Collator("zh-CN-u-co-pinyin");
/** @type {[string, string][]} */
const begins = Object.entries(FIRST);

/** @param {string} sign @returns {string} its possible letters; empty: it has none */
function lettersOf(sign) {
  if (/[a-z0-9]/i.test(sign)) return sign.toLowerCase();
  if (!/[\u4e00-\u9fff]/.test(sign)) return "";
  if (READINGS[sign]) return READINGS[sign];
  let found = "";
  begins.forEach(([letter, first]) => {
    if (order.compare(first, sign) <= 0) found = letter;
  });
  return found;
}

/** Whether this browser orders hanzi by pinyin at all. */
export const knowsPinyin = ["身s", "份f", "证z", "医y", "保b"].every(([sign, letter]) => lettersOf(sign) === letter);

/**
 * The possible letters of each sign of a name, those without any left out.
 * @param {string} name
 * @returns {string[]}
 */
export const initialsOf = (name) => Array.from(name).map(lettersOf).filter(Boolean);

/**
 * What may follow letters wherever a name has them one after the other; null: it has them nowhere.
 * @param {string[]} initials
 * @param {string} letters
 * @returns {string|null} the letters that may come next
 */
export function following(initials, letters) {
  let next = "";
  let found = false;
  for (let at = 0; at + letters.length <= initials.length; at += 1) {
    if (Array.from(letters).every((letter, n) => initials[at + n].indexOf(letter) >= 0)) {
      found = true;
      next += initials[at + letters.length] || "";
    }
  }
  return found ? next : null;
}
