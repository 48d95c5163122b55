/** 预审: the list of what is looked at before a number, one answer each. */

import { attrs, el } from "/static/dom.js";
import { named, t } from "/static/words.js";
import { reconcile } from "/pages/desk/form.js";

/** @typedef {import("/static/wire.js").Check} Check */

let lists = 0;

export class Checks {
  /** @param {() => void} onChange */
  constructor(onChange) {
    lists += 1;
    this._name = `check-${lists}`;
    this._onChange = onChange;
    /** @type {Check[]} */
    this._checks = [];
    /** Whether it is there, by text. @type {Map<string, boolean>} */
    this._there = new Map();
    this._all = el("button", { type: "button", class: "act do-all" }, t("desk.check.all"));
    this._all.addEventListener("click", () => {
      this._checks.forEach((one) => this._there.set(one.text, true));
      this.node.querySelectorAll("input").forEach((input) => {
        input.checked = input.value === "yes";
      });
      this._onChange();
    });
    this._list = el("ul", { class: "check-list" });
    this.node = el("div", { class: "checks-part" }, this._list, el("p", { class: "form-row" }, this._all));
  }

  /** What is to be looked at; answers to what stays are kept. @param {Check[]} checks */
  show(checks) {
    this._checks = checks;
    attrs(this.node, { hidden: checks.length === 0 });
    reconcile(this._list, checks, (one) => one.text, (one) => this._row(one), (node, one) => {
      attrs(node, { "data-answer": this._there.has(one.text) ? (this._there.get(one.text) ? "yes" : "no") : "open" });
    });
  }

  /** @param {Check} check */
  _row(check) {
    const name = `${this._name}-${this._checks.indexOf(check)}-${check.text}`;
    const answers = /** @type {["yes"|"no", import("/static/words.js").Key][]} */ ([["yes", "desk.check.yes"], ["no", "desk.check.no"]]);
    const radios = answers.map(([value, words]) => {
      const input = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name, value }));
      input.addEventListener("change", () => {
        this._there.set(check.text, value === "yes");
        this._onChange();
      });
      return el("label", { class: `radio answer-${value}` }, input, el("span", {}, t(words)));
    });
    const hint = named(check.hint, check.hint_en);
    return el(
      "li",
      {},
      el("fieldset", { class: "check-row" }, el("legend", {}, named(check.text, check.text_en)), el("span", { class: "answers" }, ...radios), ...(hint ? [el("span", { class: "check-hint" }, hint)] : [])),
    );
  }

  get any() {
    return this._checks.length > 0;
  }

  /** Whether nothing is left open. */
  get whole() {
    return this._checks.every((one) => this._there.has(one.text));
  }

  /** Texts of what is missing. @returns {string[]} */
  get missing() {
    return this._checks.filter((one) => this._there.get(one.text) === false).map((one) => one.text);
  }
}

/**
 * What somebody has to bring, for them to take along.
 * @param {{title: string, checks: Check[], foot: string}} told
 */
export function notice(told) {
  return el(
    "article",
    { class: "notice-slip" },
    el("h3", {}, told.title),
    el("ol", {}, ...told.checks.map((one) => el("li", {}, el("strong", {}, named(one.text, one.text_en)), ...(named(one.hint, one.hint_en) ? [el("span", {}, named(one.hint, one.hint_en))] : [])))),
    el("p", {}, told.foot),
  );
}
