/** The tides by hand: another mode or slider for the day, or why a proposal is not wanted. */

import { el, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { Buttons, field, radios, reasonField, rowOf, section } from "/pages/floor/form.js";
import { planWords } from "/pages/floor/tides.js";

/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */

const FILE = "file";

/** @implements {Content} */
export class AdjustSheet {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    const { plan } = context.floor();
    this.key = "tides/adjust";
    this.head = el("h2", { class: "sheet-title" }, t("floor.adjust.title"));
    /** @type {[string, string][]} */
    const modes = [
      ["advise", t("floor.mode.advise")],
      ["automatic", t("floor.mode.automatic")],
      ["off", t("floor.mode.off")],
      [FILE, t("floor.mode.file")],
    ];
    this._mode = radios("tide-mode", modes, plan.by_hand ? plan.mode : FILE);
    const beta = field(t("floor.adjust.beta"), { type: "range", min: -3, max: 3, step: 0.5, class: "beta" });
    this._beta = beta.input;
    this._beta.value = String(plan.beta);
    this._said = el("output", { class: "beta-said" });
    this._beta.addEventListener("input", () => this.update());
    this._buttons = new Buttons(context);
    this.body = el(
      "div",
      { class: "sheet-body" },
      section(t("floor.adjust.mode"), this._mode.node),
      section(t("floor.adjust.between"), el("div", { class: "beta-row" }, el("span", {}, t("floor.adjust.thrift")), beta.node, el("span", {}, t("floor.adjust.comfort"))), this._said),
      section(t("floor.adjust.day"), rowOf(this._buttons.make("adjust", t("floor.do.apply"), () => this._apply()))),
    );
  }

  update() {
    const beta = Number(this._beta.value);
    text(this._said, t(beta === 0 ? "floor.adjust.middle" : beta > 0 ? "floor.adjust.more" : "floor.adjust.fewer", { n: Math.abs(beta) }));
    this._buttons.update();
    return true;
  }

  _apply() {
    const mode = this._mode.value();
    const command = mode === FILE ? { command: "set_tides", mode: null, beta: null } : { command: "set_tides", mode, beta: Number(this._beta.value) };
    this._context.presses.run({ name: t("floor.do.adjust"), commands: [command], done: t("floor.done.adjust") }).then((done) => {
      if (done) this._context.close();
    });
  }
}

/** @implements {Content} */
export class DeclineSheet {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    const { proposal } = context.floor().plan;
    this._plan = proposal ? proposal.id : "";
    this.key = "tides/decline";
    this.head = el("h2", { class: "sheet-title" }, t("floor.decline.title"));
    const what = proposal ? planWords(proposal, context.floor()) : "";
    const usual = [t("floor.reason.noStaff"), t("floor.reason.passing"), t("floor.reason.arranged"), t("floor.reason.wrong")];
    const reason = reasonField(t("floor.reason"), usual);
    this._reason = reason.input;
    this._buttons = new Buttons(context);
    const decline = this._buttons.make("decline", t("floor.do.decline"), () => this._decline(), () => (this._reason.value.trim() ? "" : t("floor.why.reason")));
    this.body = el("div", { class: "sheet-body" }, section(what, el("p", { class: "hint" }, t("floor.decline.hint")), reason.node, rowOf(decline)));
  }

  update() {
    this._buttons.update();
    const { proposal } = this._context.floor().plan;
    // Made anew it has another id, and is the same question.
    if (proposal) this._plan = proposal.id;
    return proposal !== null;
  }

  _decline() {
    const reason = this._reason.value.trim();
    this._context.presses
      .run({ name: t("floor.do.decline"), commands: [{ command: "decline_plan", plan: this._plan, reason }], done: t("floor.done.decline") })
      .then((done) => {
        if (done) this._context.close();
      });
  }
}
