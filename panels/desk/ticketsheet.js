/** One ticket: how it stands, and everything that the desk can do for its holder. */

import { hourMinute } from "/static/clock.js";
import { attrs, el, text } from "/static/dom.js";
import { ARMED_MS } from "/static/press.js";
import { waitRange } from "/static/waits.js";
import { lang, named, t, tCode } from "/static/words.js";
import { Checks } from "/pages/desk/checks.js";
import { Buttons, choice, reasonField, renderFacts, renderOptions, rowOf, section } from "/pages/desk/form.js";
import { printerChoice, shareWords, whyNoPriority } from "/pages/desk/take.js";

/** @typedef {import("/static/wire.js").Desk} Desk */
/** @typedef {import("/static/wire.js").Found} Found */
/** @typedef {import("/pages/desk/form.js").Context} Context */

const OVER = ["done", "abandoned", "cancelled", "expired"];

export class TicketSheet {
  /**
   * @param {Found} found
   * @param {Context} context
   * @param {() => void} onChanged after an act: what is known of it is old
   */
  constructor(found, context, onChanged) {
    this.found = found;
    this._context = context;
    this._onChanged = onChanged;
    this.key = `ticket/${found.ticket.id}`;
    this._buttons = new Buttons(context);
    this._why = "";
    this._armed = 0;
    this.head = el("h2", { class: "sheet-title" });
    this._facts = el("dl", { class: "facts" });
    this._missing = el("p", { class: "hint lacking" });
    this._whyText = el("p", { class: "hint why", role: "status" });
    this._checks = new Checks(() => this.update());
    this.body = el("div", { class: "sheet-body" }, this._facts, this._missing);
    this.foot = el("div", { class: "sheet-foot" });
    const desk = context.desk();
    const make = this._buttons.make.bind(this._buttons);
    const printer = printerChoice(desk);
    this._printer = printer.select;
    this._along = make("along", "", () => this._accompany(), () => this._whyOver());
    const reprint = make("reprint", t("desk.do.reprint"), () => this._reprint(), () => this._whyNotPrint());
    const rejoin = make("rejoin", t("desk.do.rejoin"), () => this._do("rejoin", t("desk.do.rejoin"), {}), () => (this._ticket.state === "missed" ? "" : t("desk.why.notMissed")));
    const returned = make("returned", t("desk.do.returned"), () => this._do("returned", t("desk.do.returned"), {}), () => (this._ticket.state === "held" ? "" : t("desk.why.notHeld")));
    const why = make("why", t("desk.do.why"), () => this._askWhy());
    this._cancel = make("cancel", t("desk.do.cancel"), () => this._cancelIt(), () => (["waiting", "held", "missed", "called"].indexOf(this._ticket.state) >= 0 ? "" : t("desk.why.over")));
    const reason = reasonField(t("desk.reason"), [t("desk.reason.elderly"), t("desk.reason.pregnant"), t("desk.reason.disabled"), t("desk.reason.military")]);
    this._reason = reason.input;
    this._share = el("p", { class: "hint share" });
    this._grant = make("grant", "", () => this._regrade(), () => this._whyNotGrant());
    const service = choice(t("desk.to.service"));
    const window = choice(t("desk.to.window"));
    this._service = service.select;
    this._window = window.select;
    const reassign = make("reassign", t("desk.do.reassign"), () => this._reassign(), () => this._whyNotReassign());
    const record = make("precheck", t("desk.do.precheck"), () => this._precheck(), () => this._whyOver() || (this._checks.whole ? "" : t("desk.why.checks")));
    this._checksPart = section(t("desk.check.title"), this._checks.node, rowOf(record));
    this.body.append(
      section(t("desk.ticket.help"), rowOf(this._along, rejoin, returned, why), this._whyText),
      section(t("desk.ticket.paper"), rowOf(printer.node, reprint)),
      section(t("desk.ticket.class"), reason.node, rowOf(this._grant), this._share),
      section(t("desk.ticket.elsewhere"), rowOf(service.node, window.node, reassign)),
      this._checksPart,
      section(t("desk.ticket.end"), rowOf(this._cancel)),
    );
    this.body.addEventListener("input", () => this.update());
  }

  get _ticket() {
    return this.found.ticket;
  }

  /**
   * The ticket is as it says now. What a search told of it besides is kept while it is for the same service and matter.
   * @param {import("/static/wire.js").Ticket} ticket
   */
  take(ticket) {
    const same = ticket.service === this._ticket.service && ticket.item === this._ticket.item;
    this.found = Object.assign({}, this.found, { ticket }, same ? {} : { precheck: null, checks: [] });
  }

  get _path() {
    return `tickets/${encodeURIComponent(this._ticket.id)}/commands`;
  }

  update() {
    const desk = this._context.desk();
    const ticket = this._ticket;
    text(this.head, ticket.number);
    attrs(this.body, { "data-state": ticket.state, "data-print": ticket.print ? ticket.print.state : "none", "data-class": ticket.class });
    renderFacts(this._facts, this._rows(desk));
    const lacking = this.found.precheck ? this.found.precheck.missing : [];
    attrs(this._missing, { hidden: lacking.length === 0 });
    text(this._missing, t("desk.ticket.lacking", { what: lacking.join(lang === "zh" ? "、" : ", ") }));
    attrs(this._whyText, { hidden: this._why === "" });
    text(this._whyText, this._why);
    text(this._along, t(this._companion ? "desk.do.release" : "desk.do.accompany"));
    attrs(this._along, { hidden: !this._context.may("accompany") });
    text(this._grant, t(ticket.class === "priority" ? "desk.do.takeBack" : "desk.do.grant"));
    text(this._share, whyNoPriority(desk, this._context.role(), "issued") || shareWords(desk, "issued"));
    /** @type {[string, string][]} */
    const services = desk.services.filter((one) => one.service !== ticket.service).map((one) => [one.service, named(one.name, one.name_en)]);
    renderOptions(this._service, [/** @type {[string, string]} */ (["", t("desk.to.same")])].concat(services));
    const wanted = this._service.value || ticket.service;
    /** @type {[string, string][]} */
    const windows = desk.windows.filter((one) => one.services.indexOf(wanted) >= 0).map((one) => [one.id, this._windowWords(one)]);
    renderOptions(this._window, [/** @type {[string, string]} */ (["", t("desk.to.any")])].concat(windows));
    this._checks.show(this.found.checks);
    attrs(this._checksPart, { hidden: !this._checks.any || !this._context.may("precheck") });
    text(this._cancel, t(this._armed ? "desk.do.cancelSure" : "desk.do.cancel"));
    attrs(this._cancel, { "data-armed": this._armed ? "true" : null });
    this._buttons.update();
    return true;
  }

  /** @param {import("/static/wire.js").DeskWindow} window */
  _windowWords(window) {
    const state = window.staffed ? t(/** @type {import("/static/words.js").Key} */ (`state.${window.state}`)) : t("desk.unstaffed");
    return `${t("panel.window", { label: window.label })}　${state}`;
  }

  get _companion() {
    return this._context.desk().accompanied.find((one) => one.ticket === this._ticket.id);
  }

  /** @param {Desk} desk @returns {[string, string][]} */
  _rows(desk) {
    const { ticket, person, precheck, granted } = this.found;
    const zone = desk.place.timezone;
    const service = desk.services.find((one) => one.service === ticket.service);
    const window = desk.windows.find((one) => one.id === (ticket.bound && ticket.bound.window ? ticket.bound.window : ticket.window));
    const state = tCode(`desk.state.${ticket.state}`, "desk.state.other");
    const at = window && ["called", "serving", "held"].indexOf(ticket.state) >= 0 ? t("panel.window", { label: window.label }) : "";
    const only = window && ticket.state === "waiting" && ticket.bound ? t("desk.ticket.only", { label: window.label }) : "";
    const range = waitRange(ticket.wait || null);
    /** @type {[string, string][]} */
    const rows = [
      [t("desk.fact.state"), [state, at, only].filter(Boolean).join(" ")],
      [t("desk.fact.service"), service ? named(service.name, service.name_en) : ticket.service],
      [t("desk.fact.taken"), `${hourMinute(ticket.issued_ms, zone)}　${tCode(`panel.channel.${ticket.channel}`, "panel.channel.other")}`],
    ];
    if (typeof ticket.ahead === "number") rows.push([t("desk.fact.ahead"), ticket.ahead ? t("desk.people", { n: ticket.ahead }) : t("phone.next")]);
    if (ticket.state === "waiting") rows.push([t("desk.fact.wait"), range ? t("desk.minutes", { range }) : ticket.ahead ? t("wait.unknown") : t("phone.soon")]);
    rows.push([t("desk.fact.class"), tCode(`panel.class.${ticket.class}`, "panel.class.ordinary") + (granted ? t("desk.fact.granted") : "")]);
    if (ticket.traits.length) rows.push([t("desk.traits"), ticket.traits.map((one) => tCode(`panel.trait.${one}`, "panel.trait.other")).join(lang === "zh" ? "、" : ", ")]);
    if (ticket.party > 1) rows.push([t("desk.party"), String(ticket.party)]);
    if (ticket.visit) rows.push([t("desk.fact.visit"), `${ticket.visit.current + 1} / ${ticket.visit.steps.length}`]);
    if (person) rows.push([t("desk.fact.person"), [person.name, person.phone_last4 && t("desk.person.phone", { tail: person.phone_last4 }), person.id_last4 && t("desk.person.id", { tail: person.id_last4 })].filter(Boolean).join("　")]);
    if (ticket.print) rows.push([t("desk.fact.print"), t("desk.fact.copy", { state: tCode(`desk.print.${ticket.print.state}`, "desk.print.unknown"), n: ticket.print.copy })]);
    if (precheck && !precheck.missing.length) rows.push([t("desk.check.title"), t("desk.fact.checked", { time: hourMinute(precheck.at_ms, zone), who: precheck.helper || t("desk.helper") })]);
    const along = this._companion;
    if (along) rows.push([t("desk.along"), along.helper || t("desk.helper")]);
    return rows;
  }

  _whyOver() {
    return OVER.indexOf(this._ticket.state) >= 0 ? t("desk.why.over") : "";
  }

  _whyNotPrint() {
    if (!this._printer.value) return t("desk.why.noPrinter");
    if (this._ticket.print && this._ticket.print.state === "pending") return t("desk.why.printing");
    return this._whyOver();
  }

  _whyNotGrant() {
    if (this._ticket.state !== "waiting") return t("desk.why.notWaiting");
    if (this._ticket.class !== "priority") {
      const used = whyNoPriority(this._context.desk(), this._context.role(), "issued");
      if (used) return used;
    }
    return this._reason.value.trim() ? "" : t("desk.why.reason");
  }

  _whyNotReassign() {
    if (this._ticket.state !== "waiting") return t("desk.why.notWaiting");
    return this._service.value || this._window.value ? "" : t("desk.why.noTarget");
  }

  /**
   * @param {string} command
   * @param {string} name
   * @param {Object<string, any>} more
   * @param {string} [done]
   */
  _do(command, name, more, done) {
    const { number } = this._ticket;
    return this._context.act({ name, path: this._path, body: Object.assign({ command }, more) }, done || t("desk.done", { number, act: name })).then((answer) => {
      if (answer && answer.ticket) this.take(answer.ticket);
      if (answer) this._onChanged();
      return answer;
    });
  }

  _accompany() {
    const { number } = this._ticket;
    if (this._companion) this._do("release", t("desk.do.release"), {}, t("desk.done.release", { number }));
    else this._do("accompany", t("desk.do.accompany"), {}, t("desk.done.accompany", { number }));
  }

  _reprint() {
    this._do("reprint", t("desk.do.reprint"), { printer: this._printer.value }, t("desk.done.reprint", { number: this._ticket.number }));
  }

  _regrade() {
    const back = this._ticket.class === "priority";
    const name = t(back ? "desk.do.takeBack" : "desk.do.grant");
    this._do("grant_class", name, { class: back ? "ordinary" : "priority", reason: this._reason.value.trim() }).then((answer) => {
      if (answer) this._reason.value = "";
    });
  }

  _reassign() {
    /** @type {Object<string, any>} */
    const to = {};
    if (this._service.value) to.service = this._service.value;
    if (this._window.value) Object.assign(to, { window: this._window.value, wait: true });
    this._do("reassign", t("desk.do.reassign"), to).then((answer) => {
      if (!answer) return;
      this._service.value = "";
      this._window.value = "";
    });
  }

  _precheck() {
    const { missing } = this._checks;
    this._do("precheck", t("desk.do.precheck"), { missing }, t(missing.length ? "desk.done.lacks" : "desk.done.passed", { number: this._ticket.number }));
  }

  _cancelIt() {
    if (!this._armed) {
      this._armed = window.setTimeout(() => {
        this._armed = 0;
        this.update();
      }, ARMED_MS);
      this.update();
      return;
    }
    window.clearTimeout(this._armed);
    this._armed = 0;
    this._do("cancel", t("desk.do.cancel"), { reason: t("desk.reason.cancel") });
  }

  _askWhy() {
    this._context.presses.ask(`tickets/${encodeURIComponent(this._ticket.id)}/why`, null).then((result) => {
      this._why = result.ok ? (lang === "en" ? result.answer.text_en : result.answer.text) : t("desk.why.lost");
      this.update();
    });
  }
}
