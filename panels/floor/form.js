/** What sheets are made of: facts, sections, fields, and buttons that say why they do nothing. */

import { attrs, el } from "/static/dom.js";
import { onPress } from "/static/press.js";
import { t } from "/static/words.js";
import { refill } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/pages/floor/presses.js").Presses} Presses */
/** @typedef {import("/pages/floor/presses.js").Act} Act */
/** @typedef {import("/pages/floor/staff.js").Staff} Staff */

/**
 * @typedef {Object} Context what every sheet works with
 * @property {() => Floor} floor
 * @property {() => number} now server time
 * @property {Staff} staff
 * @property {Presses} presses
 * @property {(permission: string) => boolean} may whether to offer what needs this permission
 * @property {() => string} hindrance why a press would count for nothing now; empty: it counts
 * @property {(kind: "done"|"refused"|"pending", words: string) => void} say
 * @property {(kind: "window"|"service"|"device", id: string) => void} show another sheet in this one's place
 * @property {() => void} close
 */

/**
 * @typedef {Object} Content of a sheet
 * @property {string} key what it is about
 * @property {HTMLElement} head
 * @property {HTMLElement} body
 * @property {() => boolean} update says whether there is still something to show
 */

let fields = 0;

/** @param {[string, string][]} rows label and value */
export const facts = (rows) => rows.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)));

/** @param {HTMLElement} node @param {[string, string][]} rows */
export function renderFacts(node, rows) {
  refill(node, JSON.stringify(rows), () => facts(rows));
}

/** @param {string} title @param {...Node} children */
export const section = (title, ...children) => el("section", { class: "group" }, el("h3", {}, title), ...children);

/** @param {...Node} children */
export const rowOf = (...children) => el("div", { class: "form-row" }, ...children);

/**
 * @param {string} label
 * @param {Object<string, string|number|boolean>} [attributes]
 * @returns {{node: HTMLElement, input: HTMLInputElement}}
 */
export function field(label, attributes) {
  fields += 1;
  const id = `field-${fields}`;
  const input = /** @type {HTMLInputElement} */ (el("input", Object.assign({ type: "text", id, autocomplete: "off" }, attributes)));
  return { node: el("p", { class: "field" }, el("label", { for: id }, label), input), input };
}

/**
 * A field for a reason, with the usual ones to choose from.
 * @param {string} label
 * @param {string[]} usual
 * @param {(at: number) => void} [onUsual] which one was chosen, after it stands in the field
 */
export function reasonField(label, usual, onUsual) {
  const made = field(label, { maxlength: 200 });
  const chips = usual.map((words, at) => {
    const chip = el("button", { type: "button", class: "chip" }, words);
    chip.addEventListener("click", () => {
      made.input.value = words;
      if (onUsual) onUsual(at);
      made.input.focus();
    });
    return chip;
  });
  return { node: el("div", { class: "reason-field" }, made.node, el("p", { class: "chips" }, ...chips)), input: made.input };
}

/**
 * @param {string} label
 * @returns {{node: HTMLElement, select: HTMLSelectElement}}
 */
export function choice(label) {
  fields += 1;
  const id = `field-${fields}`;
  const select = /** @type {HTMLSelectElement} */ (el("select", { id }));
  return { node: el("p", { class: "field" }, el("label", { for: id }, label), select), select };
}

/**
 * Other options in a list; what was chosen stays chosen. Where that is gone nothing is: not somebody else.
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} options value and words
 */
export function renderOptions(select, options) {
  const [chosen, anew] = [select.value, select.options.length === 0];
  refill(select, JSON.stringify(options), () => options.map(([value, words]) => el("option", { value }, words)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
  else if (!anew) select.selectedIndex = -1;
}

/**
 * @param {string} name of the group
 * @param {[string, string][]} options value and words
 * @param {string} chosen
 * @returns {{node: HTMLElement, value: () => string}}
 */
export function radios(name, options, chosen) {
  const inputs = options.map(([value, words]) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name, value, checked: value === chosen }));
    return { input, node: el("label", { class: "radio" }, input, el("span", {}, words)) };
  });
  const value = () => {
    const found = inputs.find((one) => one.input.checked);
    return found ? found.input.value : "";
  };
  return { node: el("div", { class: "radios", role: "radiogroup" }, ...inputs.map((one) => one.node)), value };
}

/** Buttons of one sheet, on whatever page. */
export class Buttons {
  /** @param {Pick<Context, "hindrance"|"say">} context */
  constructor(context) {
    this._context = context;
    /** @type {{node: HTMLElement, why: () => string}[]} */
    this._all = [];
  }

  /**
   * @param {string} kind class and test handle
   * @param {string} name
   * @param {() => void} press
   * @param {() => string} [why] what stands in the way of it; empty: nothing
   */
  make(kind, name, press, why) {
    const node = el("button", { type: "button", class: `act do-${kind}` }, name);
    const one = { node, why: why || (() => "") };
    this._all.push(one);
    onPress(node, () => {
      const hindrance = this._context.hindrance() || one.why();
      if (hindrance) this._context.say("refused", t("receipt.refused", { act: node.textContent || name, why: hindrance }));
      else press();
    });
    return node;
  }

  /** Show what can be pressed now. */
  update() {
    const hindrance = this._context.hindrance();
    this._all.forEach(({ node, why }) => {
      const words = hindrance || why();
      attrs(node, { "aria-disabled": words ? "true" : null, title: words || null });
    });
  }
}
