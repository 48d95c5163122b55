/** The five levels of a rating, as a face, words and a bar of five: all of one colour, none before the others. */

import { el } from "/static/dom.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/words.js").Key} Key */

/** From the best to the worst, which is how people read them. */
export const LEVELS = [5, 4, 3, 2, 1];

/** @type {Object<number, string>} */
const MOUTHS = {
  5: '<path d="M31 58h38c0 11-8 18-19 18s-19-7-19-18z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/>',
  4: '<path d="M31 60c4 8 11 12 19 12s15-4 19-12" fill="none" stroke="currentColor" stroke-linecap="round"/>',
  3: '<path d="M33 65h34" fill="none" stroke="currentColor" stroke-linecap="round"/>',
  2: '<path d="M33 70c4-6 10-9 17-9s13 3 17 9" fill="none" stroke="currentColor" stroke-linecap="round"/>',
  1: '<path d="M29 76c3-11 11-17 21-17s18 6 21 17" fill="none" stroke="currentColor" stroke-linecap="round"/>',
};

/** @param {number} level */
function face(level) {
  const holder = el("span", { class: "face", "aria-hidden": "true" });
  holder.innerHTML =
    '<svg viewBox="0 0 100 100" focusable="false" stroke-width="5.5">' +
    '<circle cx="50" cy="50" r="46.5" fill="none" stroke="currentColor"/>' +
    `<circle cx="35" cy="41" r="5.5" fill="currentColor"/><circle cx="65" cy="41" r="5.5" fill="currentColor"/>${MOUTHS[level]}</svg>`;
  return holder;
}

/** @param {number} level */
function bar(level) {
  const cells = LEVELS.map((_, index) => el("span", { class: index < level ? "cell full" : "cell" }));
  return el("span", { class: "bar", "aria-hidden": "true" }, ...cells);
}

/**
 * Five buttons, of equal size.
 * @param {(level: number) => void} onPress
 * @returns {HTMLElement[]}
 */
export function levelButtons(onPress) {
  return LEVELS.map((level) => {
    const button = el("button", { type: "button", class: "level", "data-level": level }, face(level), el("span", { class: "level-name" }, levelName(level)), bar(level));
    button.addEventListener("click", () => onPress(level));
    return button;
  });
}

/** @param {number} level */
export const levelName = (level) => t(/** @type {Key} */ (`rating.level.${level}`));
