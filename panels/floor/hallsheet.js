/** The whole hall: suspend it, with a reason and a second press, and let it go on. */

import { hourMinute } from "/static/clock.js";
import { attrs, el, text } from "/static/dom.js";
import { en } from "/static/words.en.js";
import { named, t } from "/static/words.js";
import { zh } from "/static/words.zh.js";
import { Buttons, field, reasonField, renderFacts, rowOf, section } from "/pages/floor/form.js";

/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */

/** How long the first press counts. */
const ARMED_MS = 10000;
/** Usual reasons: what screens in Chinese show, and what those in English show. @type {[keyof typeof zh, keyof typeof zh][]} */
const USUAL = [
  ["floor.reason.drill", "standstill.leave"],
  ["floor.reason.power", "standstill.power"],
  ["floor.reason.network", "standstill.network"],
];
const MOST_CHARS = 200;

/** @implements {Content} */
export class HallSheet {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    this.key = "hall/suspend";
    this.head = el("h2", { class: "sheet-title" }, t("floor.hall.title"));
    this._facts = el("dl", { class: "facts" });
    this._armedUntil = 0;
    const usual = USUAL.map(([name]) => t(name));
    const reason = reasonField(t("floor.hall.reason"), usual, (at) => this._choose(at));
    const english = field(t("floor.hall.reasonEn"), { maxlength: MOST_CHARS, lang: "en" });
    this._reason = reason.input;
    this._english = english.input;
    this._reason.addEventListener("input", () => {
      // Another reason is not what the English of a usual one says.
      if (USUAL.some(([, words]) => en[words] === this._english.value)) this._english.value = "";
    });
    [this._reason, this._english].forEach((input) => input.addEventListener("input", () => this._disarm()));
    this._buttons = new Buttons(context);
    const make = this._buttons.make.bind(this._buttons);
    const halted = () => this._context.floor().suspended !== null;
    this._suspend = make("suspend", t("floor.do.suspend"), () => this._press(), () => (halted() ? t("floor.why.suspended") : this._needsReason()));
    this._resume = make("resume", t("floor.do.resume"), () => this._goOn(), () => (halted() ? "" : t("floor.why.running")));
    this.body = el(
      "div",
      { class: "sheet-body" },
      this._facts,
      section(t("floor.hall.what"), el("p", { class: "hint" }, t("floor.hall.hint")), reason.node, english.node, rowOf(this._suspend, this._resume)),
    );
  }

  update() {
    const { suspended, place } = this._context.floor();
    /** @type {[string, string][]} */
    const rows = suspended
      ? [[t("floor.hall.since"), hourMinute(suspended.since_ms, place.timezone)], [t("floor.reason"), named(suspended.reason, suspended.reason_en) || t("floor.noReason")]]
      : [[t("floor.hall.now"), t("floor.hall.running")]];
    renderFacts(this._facts, rows);
    const armed = performance.now() < this._armedUntil && !suspended;
    text(this._suspend, t(armed ? "floor.do.suspendAgain" : "floor.do.suspend"));
    attrs(this._suspend, { "data-armed": armed });
    this._buttons.update();
    return true;
  }

  _needsReason() {
    return this._reason.value.trim() ? "" : t("floor.why.reason");
  }

  /** Whatever language this page is in, the screens of the hall are in both. @param {number} at of `USUAL` */
  _choose(at) {
    const [chinese, english] = USUAL[at];
    this._reason.value = zh[chinese];
    this._english.value = en[english];
    this._disarm();
  }

  _disarm() {
    this._armedUntil = 0;
    this.update();
  }

  _press() {
    if (performance.now() >= this._armedUntil) {
      this._armedUntil = performance.now() + ARMED_MS;
      this.update();
      return;
    }
    this._armedUntil = 0;
    const suspended = this._context.presses.run({
      name: t("floor.do.suspend"),
      commands: [{ command: "suspend", reason: this._reason.value.trim(), reason_en: this._english.value.trim() }],
      done: t("floor.done.suspend"),
    });
    suspended.then((ok) => {
      if (ok) [this._reason, this._english].forEach((input) => (input.value = ""));
    });
  }

  _goOn() {
    this._context.presses.run({ name: t("floor.do.resume"), commands: [{ command: "resume" }], done: t("floor.done.resume") });
  }
}
