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

/**
 * Set a ticket number; `data-len` chooses its size.
 * @param {Element} node
 * @param {string} value
 */
export function setNumber(node, value) {
  text(node, value);
  attrs(node, { "data-len": Math.max(4, Math.min(8, value.length)) });
}

/**
 * Set a window's label; `data-len` chooses its size: 3, 12, 112, 办1.
 * @param {Element} node
 * @param {string} label
 */
export function setLabel(node, label) {
  text(node, label);
  attrs(node, { "data-len": Math.max(2, Math.min(6, Math.ceil(digitsWide(label)))) });
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
