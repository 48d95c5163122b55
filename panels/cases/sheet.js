/** One case: what was said, what was done about it, and what can be done now. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape } from "/static/dom.js";
import { levelName } from "/static/faces.js";
import { named, t } from "/static/words.js";
import { Buttons, field, renderFacts, rowOf, section } from "/pages/floor/form.js";
import { reconcile, refill } from "/pages/floor/list.js";
import { byWords, dueWords, moment, stateWords, takenNow, who } from "/pages/cases/times.js";

/** @typedef {import("/static/wire.js").Case} Case */
/** @typedef {import("/static/wire.js").CasesView} CasesView */
/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {Pick<Context, "presses"|"hindrance"|"say"|"now"> & {view: () => CasesView, acting: () => boolean, me: () => string}} CaseContext me: id of the token that asks */

export class CaseSheet {
  /** @param {string} id @param {CaseContext} context */
  constructor(id, context) {
    this.id = id;
    this._context = context;
    this._facts = el("dl", { class: "facts" });
    this._words = el("blockquote", { class: "said" });
    this._reasons = el("p", { class: "said-reasons" });
    this._acts = el("ol", { class: "acts" });
    this._forms = el("div", {});
    this._title = el("h2", { class: "sheet-title", id: "sheet-title" });
    this._hint = el("p", { class: "hint" });
    this._buttons = new Buttons(context);
    this._result = field(t("cases.result"), { maxlength: 500 });
    this._outcome = field(t("cases.outcome"), { maxlength: 500 });
    this._reason = field(t("cases.reason"), { maxlength: 200 });
    this._taken = el("p", { class: "taken" });
    this._take = el("div", {});
    this._call = el("div", {});
    this._open = el("div", {}, ...this._openForms());
    this._closed = section(
      t("cases.reopen"),
      this._reason.node,
      rowOf(this._buttons.make("reopen", t("cases.do.reopen"), () => this._run("case_reopen", { reason: this._reason.input.value }, "reopen", this._reason), () => (this._reason.input.value.trim() ? "" : t("cases.why.reason")))),
    );
    fill(byId("sheet"), [
      el("header", { class: "sheet-head" }, this._title),
      this._facts,
      section(t("cases.said"), this._reasons, this._words),
      section(t("cases.history"), this._acts),
      this._forms,
    ]);
    attrs(byId("sheet"), { "data-about": id });
  }

  _openForms() {
    const { _result: result, _outcome: outcome } = this;
    fill(this._take, [rowOf(this._buttons.make("take", t("cases.do.take"), () => this._run("case_take", {}, "take")))]);
    const needs = (/** @type {HTMLInputElement} */ input, /** @type {import("/static/words.js").Key} */ why) => () => (input.value.trim() ? "" : t(why));
    fill(this._call, [
      result.node,
      rowOf(
        this._buttons.make("reached", t("cases.do.reached"), () => this._run("case_call_back", { reached: true, result: result.input.value }, "reached", result), needs(result.input, "cases.why.result")),
        this._buttons.make("not-reached", t("cases.do.not_reached"), () => this._run("case_call_back", { reached: false, result: result.input.value }, "not_reached", result)),
      ),
    ]);
    return [
      section(t("cases.callBack"), el("p", { class: "hint" }, t("cases.callBack.hint")), this._taken, this._take, this._call),
      section(
        t("cases.close"),
        this._hint,
        outcome.node,
        rowOf(
          this._buttons.make("close", t("cases.do.close"), () => this._run("case_close", { outcome: outcome.input.value }, "close", outcome), () => {
            const other = this._other();
            if (other) return t("cases.why.taken", { who: who(other) });
            if (!this._mayClose()) return t("cases.why.callBack");
            return outcome.input.value.trim() ? "" : t("cases.why.outcome");
          }),
        ),
      ),
    ];
  }

  /** @returns {Case|undefined} */
  get case() {
    return this._context.view().cases.find((one) => one.id === this.id);
  }

  /** Who else is calling back now. */
  _other() {
    const found = this.case;
    const taken = found ? takenNow(found, this._context.now()) : null;
    return taken && taken.by !== this._context.me() ? taken : null;
  }

  _mayClose() {
    const found = this.case;
    const { attempts, acts } = this._context.view().rules;
    return found !== undefined && (found.state === "called_back" || found.tried >= attempts || found.acts.length >= acts);
  }

  /**
   * @param {string} command
   * @param {Object<string, string|boolean>} more
   * @param {"take"|"reached"|"not_reached"|"close"|"reopen"} said
   * @param {{input: HTMLInputElement}} [field] emptied when it is done
   */
  _run(command, more, said, field) {
    const found = this.case;
    if (!found) return;
    const name = t(`cases.do.${said}`);
    const done = t(`cases.done.${said}`, { number: found.number });
    this._context.presses.run({ name, commands: [Object.assign({ command, case: this.id }, more)], done }).then((ok) => {
      if (ok && field) field.input.value = "";
    });
  }

  /** @returns {boolean} whether there is still such a case */
  update() {
    const found = this.case;
    if (!found) return false;
    const { timezone } = this._context.view().place;
    const now = this._context.now();
    refill(this._title, `${found.number} ${found.level}`, () => [el("strong", { class: "number" }, found.number), levelName(found.level)]);
    /** @type {[string, string][]} */
    const rows = [
      [t("cases.col.state"), stateWords(found, now)],
      [t("cases.col.service"), named(found.service_name, found.service_name_en)],
      [t("cases.clerk"), [found.window_label && t("cases.window", { label: found.window_label }), found.clerk_name].filter(Boolean).join(" ")],
      [t("cases.col.opened"), moment(found.opened_ms, timezone)],
      [t("cases.where"), t(`cases.at.${found.rated_at}`)],
      [t("cases.due"), moment(found.due_ms, timezone) + (found.state === "closed" ? "" : ` (${dueWords(found.due_ms, now)})`)],
    ];
    if (found.undone_ms !== null) rows.push([t("cases.undone"), t("cases.undone.at", { time: moment(found.undone_ms, timezone) })]);
    renderFacts(this._facts, rows);
    const reasons = found.reasons.map((one) => named(one.name, one.name_en));
    refill(this._reasons, reasons.join(), () => reasons.map((one) => el("span", { class: "tag" }, one)));
    refill(this._words, found.text, () => [found.text || t("cases.noWords")]);
    attrs(this._acts, { "data-empty": found.acts.length ? null : t("cases.noHistory") });
    const acts = found.acts.map((act, index) => Object.assign({ key: String(index) }, act));
    reconcile(this._acts, acts, (act) => act.key, () => el("li", {}), (node, act) => {
      refill(node, JSON.stringify(act), () => [
        el("strong", {}, t(`cases.act.${act.kind}`)),
        el("span", { class: "when" }, `${moment(act.at_ms, timezone)} ${byWords(act)}`),
        el("span", { class: "what" }, act.text),
      ]);
    });
    this._renderTaken(found, now, timezone);
    this._hint.textContent = t("cases.close.hint", { n: this._context.view().rules.attempts, tried: found.tried });
    const form = found.state === "closed" ? this._closed : this._open;
    const forms = this._context.acting() ? [form] : [];
    if (this._forms.firstChild !== (forms[0] || null)) fill(this._forms, forms);
    this._buttons.update();
    return true;
  }

  /** Whose the call back is: anybody's, mine, or another's. @param {Case} found @param {number} now @param {string} timezone */
  _renderTaken(found, now, timezone) {
    const taken = takenNow(found, now);
    const other = this._other();
    attrs(this._take, { hidden: taken !== null });
    attrs(this._call, { hidden: taken === null || other !== null });
    attrs(this._taken, { hidden: taken === null, "data-other": other !== null });
    if (!taken) return;
    const words = t(other ? "cases.taken.other" : "cases.taken.mine", { who: who(taken), time: hourMinute(taken.at_ms, timezone), until: hourMinute(taken.until_ms, timezone) });
    refill(this._taken, words, () => (other ? [shape("triangle"), words] : [words]));
  }
}
