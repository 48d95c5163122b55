/** Classes by length: a number is never wrapped and never cut, so a long one is set smaller. */

import { attrs, text } from "/static/dom.js";

/**
 * Width in digits: a hanzi is almost two of them wide.
 * @param {string} value
 */
export function digitsWide(value) {
  let sum = 0;
  for (const char of value) sum += char.charCodeAt(0) > 0x2e7f ? 1.75 : 1;
  return sum;
}

/** Sizes of numbers by their length, as `wall.css` has them. @type {Object<number, number>} */
const SIZES = { 4: 1, 5: 0.8, 6: 0.68, 7: 0.58, 8: 0.5 };
/** Widths in the bold face, of the size. @type {Object<string, number>} */
const WIDTHS = { B: 0.69, D: 0.72, G: 0.72, H: 0.76, K: 0.69, M: 0.86, N: 0.76, R: 0.69, U: 0.76, W: 0.92 };
const DIGIT = 0.59;
const LETTER = 0.65;
/** So wide a number may be in the full size: as wide as one that begins with A. */
const WIDEST = LETTER + 3 * DIGIT;

/** @param {string} char */
const widthOf = (char) => (char >= "0" && char <= "9" ? DIGIT : WIDTHS[char] || LETTER);

/**
 * Set a ticket number; `data-len` chooses its size, and wide letters such as M and W take a little off it.
 * @param {HTMLElement} node
 * @param {string} value
 */
export function setNumber(node, value) {
  const length = Math.max(4, Math.min(8, value.length));
  const wide = Array.from(value).reduce((sum, char) => sum + widthOf(char), 0);
  const most = WIDEST / wide;
  text(node, value);
  attrs(node, { "data-len": length });
  if (most < SIZES[length] - 0.001) node.style.setProperty("--wide", (most / SIZES[length]).toFixed(3));
  else node.style.removeProperty("--wide");
}

/**
 * Set a window's label; `data-len` chooses its size: 3, 12, 112, 办1.
 * @param {Element} node
 * @param {string} label
 */
export function setLabel(node, label) {
  text(node, label);
  attrs(node, { "data-len": Math.min(6, Math.ceil(digitsWide(label))) });
}

/**
 * Set words in one line; `data-fit` goes from 0 (as designed) up as they outgrow `limits`.
 * @param {Element} node gets the attribute
 * @param {string} words all that stands in the line
 * @param {number[]} limits widths in hanzi, ascending
 */
export function setFit(node, words, limits) {
  const wide = digitsWide(words) / 1.75;
  let step = 0;
  while (step < limits.length && wide > limits[step]) step += 1;
  attrs(node, { "data-fit": step });
}
