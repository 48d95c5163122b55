/** A service: how it stands, which windows could help, its first in line called out of turn, and whether it gives tickets. */

import { minutes } from "/static/clock.js";
import { attrs, el, shape } from "/static/dom.js";
import { isIssuing, whyNotIssuing } from "/static/waits.js";
import { en } from "/static/words.en.js";
import { named, t } from "/static/words.js";
import { zh } from "/static/words.zh.js";
import { Buttons, choice, field, reasonField, renderFacts, renderOptions, rowOf, section } from "/pages/floor/form.js";
import { reconcile, refill, part } from "/pages/floor/list.js";
import { SHAPES, kindOf } from "/pages/floor/windows.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").FloorWindow} FloorWindow */
/** @typedef {import("/static/wire.js").Queue} Queue */
/** @typedef {import("/static/wire.js").ServiceNow} ServiceNow */
/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */

/** Kinds of windows that could do more than they do, the quickest help first. */
const HELP = ["idle", "unstaffed", "paused", "closed"];
const MOST = 10;
const MOST_CHARS = 200;
/** @type {("floor.reason.late"|"floor.reason.system"|"floor.reason.full")[]} */
const USUAL = ["floor.reason.late", "floor.reason.system", "floor.reason.full"];

/** @implements {Content} */
export class ServiceSheet {
  /** @param {string} code @param {Context} context */
  constructor(code, context) {
    this._code = code;
    this._context = context;
    this.key = `service/${code}`;
    this.head = el("h2", { class: "sheet-title" });
    this._facts = el("dl", { class: "facts" });
    this._helpers = el("ul", { class: "helpers" });
    this._nobody = el("p", { class: "none" }, t("floor.service.noHelp"));
    this.body = el("div", { class: "sheet-body" }, this._facts);
    this._buttons = new Buttons(context);
    if (context.may("command_hall")) this._make();
  }

  _make() {
    const at = choice(t("floor.service.at"));
    this._at = at.select;
    const english = field(t("floor.service.reasonEn"), { maxlength: MOST_CHARS, lang: "en" });
    const reason = reasonField(t("floor.reason"), USUAL.map((words) => t(words)), (chosen) => {
      // Whatever language this page is in, the screens of the hall are in both.
      reason.input.value = zh[USUAL[chosen]];
      english.input.value = en[USUAL[chosen]];
    });
    reason.input.addEventListener("input", () => {
      // Another reason is not what the English of a usual one says.
      if (USUAL.some((words) => en[words] === english.input.value)) english.input.value = "";
    });
    this._reason = reason.input;
    this._english = english.input;
    const make = this._buttons.make.bind(this._buttons);
    this.body.append(
      section(t("floor.service.help"), this._helpers, this._nobody),
      section(t("floor.service.head"), at.node, rowOf(make("call-head", t("floor.do.callHead"), () => this._call(), () => this._whyNotCall()))),
      section(
        t("floor.service.tickets"),
        rowOf(
          make("stop", t("floor.do.stop"), () => this._stop(), () => (this._service.ticketing.closed === "service_closed" ? t("floor.why.stopped") : this._needsReason())),
          make("start", t("floor.do.start"), () => this._start(), () => (this._service.ticketing.closed === "service_closed" ? "" : t("floor.why.notStopped"))),
        ),
      ),
      section(t("floor.service.why"), reason.node, english.node),
    );
  }

  get _service() {
    const found = this._find();
    if (!found) throw new Error(`no service ${this._code}`);
    return found;
  }

  /** @returns {ServiceNow|undefined} */
  _find() {
    return this._context.floor().services.find((one) => one.code === this._code);
  }

  get _name() {
    return named(this._service.name, this._service.name_en);
  }

  /** @returns {Queue[]} */
  get _queues() {
    return this._context.floor().queues.filter((one) => one.service === this._code);
  }

  /** The queue whose first has waited longest against its target. @returns {Queue|undefined} */
  get _latest() {
    const late = (/** @type {Queue} */ one) => (this._context.now() - Number(one.head_since_ms)) / one.target_s;
    return this._queues.filter((one) => one.head !== null).sort((one, other) => late(other) - late(one))[0];
  }

  update() {
    const service = this._find();
    if (!service) return false;
    const floor = this._context.floor();
    refill(this.head, JSON.stringify([service.prefix, this._name]), () => [el("span", { class: "plate letter" }, service.prefix), el("span", { class: "sheet-state" }, this._name)]);
    renderFacts(this._facts, this._rows(service, floor));
    this._renderHelpers(floor);
    if (this._at) {
      const free = floor.windows.filter((one) => one.state === "idle" && one.clerk !== null && this._ableAt(one));
      renderOptions(this._at, free.map((one) => /** @type {[string, string]} */ ([one.id, t("panel.window", { label: one.label })])));
    }
    this._buttons.update();
    return true;
  }

  /** @param {ServiceNow} service @param {Floor} floor @returns {[string, string][]} */
  _rows(service, floor) {
    const now = this._context.now();
    const waiting = this._queues.reduce((sum, one) => sum + one.count, 0);
    const head = this._latest;
    const first = head ? t("floor.service.first", { number: String(head.head), n: minutes((now - Number(head.head_since_ms)) / 1000), target: minutes(head.target_s) }) : t("panel.queues.empty");
    const { closed, reason, reason_en: english } = service.ticketing;
    const stopped = closed === "service_closed" && named(reason, english);
    const tickets = isIssuing(service.ticketing, now) ? t("floor.service.gives") : whyNotIssuing(service.ticketing, now, floor.place.timezone);
    return [
      [t("floor.queues.people"), String(waiting)],
      [t("floor.queues.windows"), String(service.working)],
      [t("floor.service.headNow"), first],
      [t("floor.service.tickets"), stopped ? `${tickets}${t("comma")}${stopped}` : tickets],
    ];
  }

  /** @param {FloorWindow} window */
  _ableAt(window) {
    return window.clerk !== null && this._context.staff.able(window.id, window.clerk).some((one) => one.code === this._code);
  }

  /** @param {Floor} floor */
  _renderHelpers(floor) {
    const able = this._context.staff.windowsFor(this._code);
    const rows = floor.windows
      .filter((one) => able.indexOf(one.id) >= 0 && (one.clerk === null || this._ableAt(one)))
      .map((window) => ({ window, kind: kindOf(window, floor, this._context.now()) }))
      .filter((one) => HELP.indexOf(one.kind) >= 0)
      .sort((one, other) => HELP.indexOf(one.kind) - HELP.indexOf(other.kind))
      .slice(0, MOST);
    attrs(this._nobody, { hidden: rows.length > 0 });
    reconcile(this._helpers, rows, (one) => one.window.id, (one) => this._helper(one.window.id), (node, { window, kind }) => {
      const clerk = window.clerk ? floor.clerks.find((one) => one.id === window.clerk) : null;
      const who = clerk ? clerk.name : t("panel.notSignedIn");
      refill(part(node, "helper"), JSON.stringify([window.label, kind, who]), () => [el("strong", {}, window.label), shape(SHAPES[kind]), t(`floor.kind.${kind}`), el("span", { class: "who" }, who)]);
    });
  }

  /** @param {string} window */
  _helper(window) {
    const button = el("button", { type: "button", class: "helper" });
    button.addEventListener("click", () => this._context.show("window", window));
    return el("li", {}, button);
  }

  _needsReason() {
    return this._reason && this._reason.value.trim() ? "" : t("floor.why.reason");
  }

  get _said() {
    return this._reason ? this._reason.value.trim() : "";
  }

  _whyNotCall() {
    if (!this._latest) return t("floor.why.noneWaits");
    if (!this._at || !this._at.options.length) return t("floor.why.noIdle");
    if (!this._at.value) return t("floor.why.noWindow");
    return this._needsReason();
  }

  _call() {
    const head = /** @type {Queue} */ (this._latest);
    const window = this._at ? this._at.value : "";
    const { presses, staff, floor } = this._context;
    const found = floor().windows.find((one) => one.id === window);
    const label = found ? found.label : window;
    const number = String(head.head);
    const reason = this._said;
    staff.get(`/tickets?number=${encodeURIComponent(number)}&state=waiting`).then(
      (page) => {
        const [ticket] = page.tickets;
        const name = t("floor.name.call_ticket", { label });
        if (!ticket) {
          presses.say("refused", t("receipt.refused", { act: name, why: t("floor.why.notWaiting", { number }) }));
          return;
        }
        presses.run({ name, commands: [{ window, command: "call_ticket", ticket: ticket.id, reason }], done: t("floor.done.call", { number, label }) });
      },
      () => presses.say("refused", t("floor.why.lost")),
    );
  }

  _stop() {
    const name = this._name;
    const stopped = this._context.presses.run({
      name: t("floor.name.stop", { name }),
      commands: [{ command: "stop_issuing", service: this._code, reason: this._said, reason_en: this._english ? this._english.value.trim() : "" }],
      done: t("floor.done.stop", { name }),
    });
    stopped.then((ok) => {
      if (ok) [this._reason, this._english].forEach((input) => input && (input.value = ""));
    });
  }

  _start() {
    const name = this._name;
    this._context.presses.run({
      name: t("floor.name.start", { name }),
      commands: [{ command: "start_issuing", service: this._code }],
      done: t("floor.done.start", { name }),
    });
  }
}
