/** The buttons: the dominant one, and the grid of keys or the choices of a question in its place. */

import { attrs, byId, el, fill, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { SECONDARY } from "/pages/clerk/acts.js";
import { CAPS } from "/pages/clerk/keyboard.js";

/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */
/** @typedef {import("/pages/clerk/acts.js").Offer} Offer */

/**
 * @typedef {Object} Choice
 * @property {string} name
 * @property {string} code digits that choose it
 * @property {string} [note] beside the name
 * @property {boolean} [off] not to be chosen now; the note says why
 * @property {() => void} pick
 */

/**
 * @typedef {Object} Question
 * @property {Secondary} act whose key asked it; the same key again goes to `more`, or back
 * @property {string} title what to do
 * @property {Choice[]} choices
 * @property {boolean} [typed] digits narrow the choices, Enter takes the marked one
 * @property {string} [field] name of what is typed
 * @property {{name: string, cap: string, pick: () => void}} [more] other choices
 * @property {() => boolean} still whether it may still be answered
 */

/** Places of the grid. */
const CELLS = 10;

/**
 * A key of the grid. It is never `disabled` for the browser: pressed, it says why it does nothing.
 * @param {string} name
 * @param {string} cap
 * @param {() => void} onPress
 */
function makeKey(name, cap, onPress) {
  const node = el(
    "button",
    { type: "button", class: "key" },
    el("span", { class: "key-words" }, el("span", { class: "key-name" }, name), el("span", { class: "key-note" })),
    ...(cap ? [el("kbd", { class: "cap" }, cap)] : []),
  );
  // A mouse leaves no focus behind: the next Enter means the dominant button again.
  node.addEventListener("mousedown", (event) => event.preventDefault());
  node.addEventListener("click", (event) => {
    // The second half of a double click would fall on what a question has put in this one's place.
    if (event.detail <= 1) onPress();
    node.blur();
  });
  return node;
}

/** @param {HTMLElement} node @param {string} note @param {boolean} off */
function annotate(node, note, off) {
  attrs(node, { "aria-disabled": off ? "true" : null });
  text(/** @type {Element} */ (node.querySelector(".key-note")), note);
}

export class Keys {
  /**
   * @param {{act: (act: Secondary) => void, back: () => void}} handlers
   */
  constructor(handlers) {
    /** @type {Map<Secondary, HTMLElement>} */
    this._acts = new Map();
    SECONDARY.forEach((act) => {
      const node = makeKey(t(`panel.act.${act}`), CAPS[act].key, () => handlers.act(act));
      node.id = `key-${act}`;
      this._acts.set(act, node);
    });
    this._back = handlers.back;
    /** The question that stands in place of the keys. @type {Question|null} */
    this.question = null;
    this._typed = "";
    this._marked = 0;
    this._draw();
  }

  /** @returns {"none"|"choose"|"type"} */
  get asking() {
    if (!this.question) return "none";
    return this.question.typed ? "type" : "choose";
  }

  /** @param {Question|null} question */
  ask(question) {
    if (question === null && this.question === null) return;
    this.question = question;
    this._typed = "";
    this._marked = 0;
    this._draw();
  }

  /** @returns {Choice[]} those that what was typed leaves */
  _found() {
    if (!this.question) return [];
    const { choices } = this.question;
    if (!this._typed) return choices;
    const bare = this._typed.replace(/^0+(?=.)/, "");
    const exact = choices.filter((one) => one.code.replace(/^0+(?=.)/, "") === bare);
    const rest = choices.filter((one) => !exact.includes(one) && one.code.indexOf(this._typed) >= 0);
    return [...exact, ...rest];
  }

  /** @param {number} digit */
  digit(digit) {
    const { question } = this;
    if (!question) return;
    if (question.typed) {
      if (this._typed.length < 6) this._typed += String(digit);
      this._marked = 0;
      this._draw();
    } else {
      const choice = question.choices.find((one) => one.code === String(digit));
      if (choice) choice.pick();
    }
  }

  /** @returns {boolean} whether there was a digit to take back */
  erase() {
    if (!this._typed) return false;
    this._typed = this._typed.slice(0, -1);
    this._marked = 0;
    this._draw();
    return true;
  }

  /** @param {1|-1} step */
  move(step) {
    const count = this._found().length;
    if (!this.question || !this.question.typed || !count) return;
    this._marked = (this._marked + step + count) % count;
    this._draw();
  }

  /** Take the marked choice; where digits choose at once, Enter chooses nothing. */
  take() {
    const choice = this.question && this.question.typed ? this._found()[this._marked] : undefined;
    if (choice) choice.pick();
  }

  /** @param {Question} question @returns {HTMLElement[]} */
  _choices(question) {
    const ends = question.more ? [makeKey(question.more.name, question.more.cap, question.more.pick)] : [];
    ends.push(makeKey(t("panel.act.back"), question.typed ? t("panel.key.esc") : "0", this._back));
    const room = CELLS - ends.length - (question.typed ? 1 : 0);
    const found = this._found();
    const from = Math.floor(this._marked / room) * room;
    const cells = found.slice(from, from + room).map((choice, index) => {
      const marked = question.typed && from + index === this._marked;
      // A number of its own says itself what to type.
      const code = question.typed && choice.name.includes(choice.code) ? "" : choice.code;
      const node = makeKey(choice.name, marked ? t("panel.key.enter") : code, choice.pick);
      annotate(node, choice.note || "", choice.off === true);
      attrs(node, { "data-marked": marked, "aria-current": marked ? "true" : null });
      return node;
    });
    if (question.typed) cells.unshift(this._field(question, found.length, from, room));
    while (cells.length < CELLS - ends.length) cells.push(el("span", { class: "key-space" }));
    return [...cells, ...ends];
  }

  /** @param {Question} question @param {number} count @param {number} from @param {number} room */
  _field(question, count, from, room) {
    const shown = count > room ? t("panel.ask.some", { from: from + 1, to: Math.min(count, from + room), n: count }) : "";
    return el(
      "p",
      { class: "key-field", role: "status" },
      el("span", { class: "key-asked" }, el("span", { class: "key-note" }, question.field || ""), el("strong", { class: "key-typed" }, this._typed || "–")),
      el("span", { class: "key-note" }, count ? shown : t("panel.ask.none")),
    );
  }

  _draw() {
    const node = byId("keys");
    const { question } = this;
    attrs(node, { "data-choosing": question !== null, role: "group", "aria-label": question ? question.title : null });
    fill(node, question ? this._choices(question) : Array.from(this._acts.values()));
  }

  /** @param {(act: Secondary) => Offer} offerOf */
  render(offerOf) {
    this._acts.forEach((node, act) => {
      const offer = offerOf(act);
      annotate(node, offer.note, !offer.enabled);
    });
  }
}

/**
 * @param {string} name
 * @param {string} hint
 * @param {boolean} enabled
 * @param {boolean} pending
 */
export function renderDominant(name, hint, enabled, pending) {
  text(byId("dominant-name"), name);
  text(byId("dominant-hint"), hint);
  attrs(byId("dominant"), { "aria-disabled": enabled ? null : "true", "data-pending": pending });
}
