/** Choosing a name to sign in with: by mouse, by arrows, by digit, or by writing a part of it. */

import { attrs, el, fill, text } from "/static/dom.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Option} Option */

/** From this many names on, a field to search in pays. */
const SEARCH_FROM = 13;
const REMEMBER = "callq.clerk:";

export class SignIn {
  /** @param {() => void} onChange the choice, and with it the dominant button, is another */
  constructor(onChange) {
    this._onChange = onChange;
    /** @type {Option[]} */
    this._clerks = [];
    /** @type {string|null} */
    this._chosen = localStorage.getItem(REMEMBER + location.pathname);
    this._field = /** @type {HTMLInputElement} */ (
      el("input", { type: "text", class: "find", autocomplete: "off", placeholder: t("panel.findClerk"), "aria-label": t("panel.findClerk") })
    );
    this._field.addEventListener("input", () => this._draw());
    this._list = el("ul", { class: "clerks" });
    this.node = el(
      "div",
      { class: "sign-in" },
      el("p", { class: "sign-in-head" }, el("strong", {}, t("panel.chooseClerk")), el("span", {}, t("panel.chooseClerkHint"))),
      this._field,
      this._list,
    );
  }

  /** The clerk who would sign in now. @returns {Option|null} */
  get chosen() {
    return this._clerks.find((clerk) => clerk.id === this._chosen) || null;
  }

  /** Remember the choice on this device: the same person usually sits here. */
  keep() {
    if (this._chosen !== null) localStorage.setItem(REMEMBER + location.pathname, this._chosen);
  }

  /** @param {Option[]} clerks */
  update(clerks) {
    if (JSON.stringify(clerks) === JSON.stringify(this._clerks)) return;
    this._clerks = clerks;
    if (clerks.length === 1) this._chosen = clerks[0].id;
    attrs(this._field, { hidden: clerks.length < SEARCH_FROM });
    this._draw();
  }

  /** @returns {Option[]} */
  _found() {
    const part = this._field.value.trim().toLowerCase();
    return this._clerks.filter((clerk) => clerk.name.indexOf(part) >= 0 || clerk.id.toLowerCase().indexOf(part) >= 0);
  }

  /** @param {string} id */
  _choose(id) {
    this._chosen = id;
    this._draw();
    const node = this._list.querySelector("[aria-pressed=true]");
    if (node) node.scrollIntoView({ block: "nearest" });
    this._onChange();
  }

  /** @param {number} digit 1 to 9 @returns {boolean} */
  digit(digit) {
    const clerk = this._found()[digit - 1];
    if (clerk) this._choose(clerk.id);
    return clerk !== undefined;
  }

  /** @param {1|-1} step @returns {boolean} */
  arrow(step) {
    const found = this._found();
    if (found.length === 0) return false;
    const at = found.findIndex((clerk) => clerk.id === this._chosen);
    const next = at < 0 ? (step > 0 ? 0 : found.length - 1) : (at + step + found.length) % found.length;
    this._choose(found[next].id);
    return true;
  }

  _draw() {
    const found = this._found();
    const rows = found.map((clerk, n) => {
      const cap = el("kbd", { class: "cap" });
      text(cap, n < 9 ? n + 1 : "");
      attrs(cap, { hidden: n >= 9 });
      const busy = clerk.busy_at ? t("panel.clerkBusy", { label: clerk.busy_at }) : clerk.id;
      const button = el(
        "button",
        { type: "button", class: "clerk", "aria-pressed": clerk.id === this._chosen ? "true" : "false" },
        cap,
        el("span", { class: "clerk-name" }, clerk.name),
        el("span", { class: "clerk-note" }, busy),
      );
      button.addEventListener("click", () => this._choose(clerk.id));
      return el("li", {}, button);
    });
    fill(this._list, rows.length ? rows : [el("li", { class: "none" }, t("panel.noClerk"))]);
  }
}
