/** Taking a number for somebody: what is looked at first, what goes with the number, and the number. */

import { attrs, el, shape, text } from "/static/dom.js";
import { isIssuing, waitRange, whyNotIssuing } from "/static/waits.js";
import { lang, named, t, tCode } from "/static/words.js";
import { Checks, notice } from "/pages/desk/checks.js";
import { Buttons, choice, field, radios, reasonField, reconcile, refill, renderOptions, rowOf, section } from "/pages/desk/form.js";

/** @typedef {import("/static/wire.js").Desk} Desk */
/** @typedef {import("/static/wire.js").DeskService} DeskService */
/** @typedef {import("/static/wire.js").Check} Check */
/** @typedef {import("/pages/desk/form.js").Context} Context */
/** @typedef {{code: string, name: string, name_en: string, service: string, checks: Check[]}} Item */

const TRAITS = ["elderly", "disabled", "pregnant", "military", "deaf", "sight", "wheelchair", "english"];
const MOST_FURTHER = 8;
const PRINTER = "callq.desk.printer:" + location.pathname;

/** @param {DeskService} service @param {number} now @param {string} timezone */
export function standing(service, now, timezone) {
  if (!isIssuing(service.ticketing, now)) return { open: false, words: whyNotIssuing(service.ticketing, now, timezone) };
  const range = waitRange(service.wait);
  const people = service.count ? t("desk.people", { n: service.count }) : t("wait.none");
  const wait = service.count ? (range ? t("desk.minutes", { range }) : t("wait.unknown")) : "";
  return { open: true, words: [people, wait].filter(Boolean).join(lang === "zh" ? "，" : ", ") };
}

/** The printer that was used here last, if the hall still has it, or its only one. @param {Desk} desk */
function usual(desk) {
  const kept = localStorage.getItem(PRINTER);
  if (kept === "" || desk.printers.some((one) => one.id === kept)) return kept || "";
  return desk.printers.length === 1 ? desk.printers[0].id : "";
}

/** A list of printers with the one that is usual here. @param {Desk} desk */
export function printerChoice(desk) {
  const made = choice(t("desk.printer"));
  /** @type {[string, string][]} */
  const printers = desk.printers.map((one) => [one.id, named(one.name, one.name_en) + (one.fault ? `　${tCode(`kiosk.fault.${one.fault}`, "kiosk.fault.error")}` : "")]);
  renderOptions(made.select, [/** @type {[string, string]} */ (["", t("desk.printer.none")])].concat(printers));
  made.select.value = usual(desk);
  made.select.addEventListener("change", () => localStorage.setItem(PRINTER, made.select.value));
  return made;
}

/**
 * How many may have priority.
 * @param {Desk} desk
 * @param {"next"|"issued"} which with the ticket that is issued next, or among those that are issued
 */
const mostOf = (desk, which) => (which === "next" ? desk.priority_share.most_next : desk.priority_share.most);

/** The share of priority in one sentence. @param {Desk} desk @param {"next"|"issued"} which */
export function shareWords(desk, which) {
  const share = desk.priority_share;
  const most = mostOf(desk, which);
  const percent = share.issued ? Math.round((100 * share.granted) / share.issued) : 0;
  if (most === null) return t("desk.share.free", { granted: share.granted, percent });
  const left = Math.max(0, most - share.granted);
  return t("desk.share", { granted: share.granted, percent, limit: Number(share.limit_percent), left });
}

/** Why no more priority can be granted by whoever is here; empty: it can. @param {Desk} desk @param {string} role @param {"next"|"issued"} which */
export function whyNoPriority(desk, role, which) {
  const share = desk.priority_share;
  const most = mostOf(desk, which);
  if (most === null || share.granted < most) return "";
  if (share.over === "supervisor" && (role === "supervisor" || role === "admin")) return "";
  return t(share.over === "supervisor" ? "desk.share.supervisor" : "desk.share.used");
}

/** The sheet of one service. */
export class TakeSheet {
  /**
   * @param {{service: string, item: Item|null}} about
   * @param {Context} context
   * @param {(ticket: import("/static/wire.js").Ticket) => void} onTaken
   * @param {(told: HTMLElement) => void} onSentHome
   */
  constructor(about, context, onTaken, onSentHome) {
    this._about = about;
    this._context = context;
    this._onTaken = onTaken;
    this._onSentHome = onSentHome;
    this.key = `take/${about.service}`;
    /** Codes of further services, in order. @type {string[]} */
    this._further = [];
    this._buttons = new Buttons(context);
    this._checks = new Checks(() => this.update());
    const desk = context.desk();
    this.head = el("h2", { class: "sheet-title" });
    this._standing = el("p", { class: "standing" });
    this._checksPart = section(t("desk.check.title"), this._checks.node);
    this._class = radios("class", [["ordinary", t("panel.class.ordinary")], ["priority", t("panel.class.priority")]], "ordinary");
    const reason = reasonField(t("desk.reason"), [t("desk.reason.elderly"), t("desk.reason.pregnant"), t("desk.reason.disabled"), t("desk.reason.military")]);
    this._reason = reason.input;
    this._share = el("p", { class: "hint share" });
    this._priority = el("div", { class: "priority-part" }, reason.node, this._share);
    this._traits = TRAITS.map((trait) => {
      const input = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", value: trait }));
      return { input, node: el("label", { class: "check" }, input, el("span", {}, tCode(`panel.trait.${trait}`, "panel.trait.other"))) };
    });
    const party = field(t("desk.party"), { type: "number", min: 1, max: 999, value: 1, class: "number" });
    const cases = field(t("desk.cases"), { type: "number", min: 1, max: 999, value: 1, class: "number" });
    const phone = field(t("desk.phone"), { type: "tel", inputmode: "numeric", maxlength: 20 });
    const clerk = choice(t("desk.clerk"));
    this._party = party.input;
    this._cases = cases.input;
    this._phone = phone.input;
    this._clerk = clerk.select;
    /** @type {[string, string][]} */
    const clerks = desk.clerks.map((one) => [one.id, one.busy_at ? t("desk.clerk.at", { name: one.name, label: one.busy_at }) : one.name]);
    renderOptions(clerk.select, [/** @type {[string, string]} */ (["", t("desk.clerk.any")])].concat(clerks));
    const printer = printerChoice(desk);
    this._printer = printer.select;
    this._furtherList = el("div", { class: "further" });
    this._take = this._buttons.make("take dominant", t("desk.do.take"), () => this._issue(), () => this._whyNot());
    this._home = this._buttons.make("sent-home dominant", t("desk.do.sendHome"), () => this._sendHome());
    this.body = el(
      "div",
      { class: "sheet-body" },
      this._standing,
      this._checksPart,
      section(t("desk.class"), this._class.node, this._priority),
      section(t("desk.traits"), el("div", { class: "checks" }, ...this._traits.map((one) => one.node))),
      section(t("desk.more"), rowOf(phone.node, party.node, cases.node, clerk.node, printer.node)),
      section(t("desk.further"), this._furtherList),
    );
    this.foot = el("div", { class: "sheet-foot" }, this._take, this._home);
    this.body.addEventListener("input", () => this.update());
  }

  /** @param {string} code */
  _service(code) {
    const found = this._context.desk().services.find((one) => one.service === code);
    if (!found) throw new Error(`no service ${code}`);
    return found;
  }

  get _codes() {
    return [this._about.service].concat(this._further);
  }

  update() {
    const desk = this._context.desk();
    const service = desk.services.find((one) => one.service === this._about.service);
    if (!service) return false;
    const { item } = this._about;
    refill(this.head, JSON.stringify([service.prefix, service.name, item && item.code]), () => [
      el("span", { class: "plate letter" }, service.prefix),
      el("span", { class: "sheet-state" }, named(service.name, service.name_en), ...(item ? [el("span", { class: "item" }, named(item.name, item.name_en))] : [])),
    ]);
    const { words, open } = standing(service, this._context.now(), desk.place.timezone);
    text(this._standing, service.needs_precheck ? `${words}　${t("desk.check.needed")}` : words);
    attrs(this._standing, { "data-open": String(open) });
    this._renderChecks(item);
    const priority = this._class.value() === "priority";
    attrs(this._priority, { hidden: !priority });
    text(this._share, whyNoPriority(desk, this._context.role(), "next") || shareWords(desk, "next"));
    this._renderFurther(desk);
    const lacking = this._checks.missing.length > 0;
    attrs(this._take, { hidden: lacking });
    attrs(this._home, { hidden: !lacking || !this._context.may("precheck") });
    this._buttons.update();
    return true;
  }

  /** @param {Item|null} item */
  _renderChecks(item) {
    /** @type {Map<string, Check>} */
    const listed = new Map();
    this._codes.forEach((code) => this._service(code).checks.forEach((one) => listed.set(one.text, one)));
    if (item) item.checks.forEach((one) => listed.set(one.text, one));
    this._checks.show(Array.from(listed.values()));
    attrs(this._checksPart, { hidden: !this._checks.any || !this._context.may("precheck") });
  }

  /** @param {Desk} desk */
  _renderFurther(desk) {
    const others = desk.services.filter((one) => one.service !== this._about.service);
    reconcile(this._furtherList, others, (one) => one.service, (one) => {
      const button = el("button", { type: "button", class: "chip further-one", "data-service": one.service });
      button.addEventListener("click", () => {
        const at = this._further.indexOf(one.service);
        if (at >= 0) this._further.splice(at, 1);
        else if (this._further.length < MOST_FURTHER) this._further.push(one.service);
        this.update();
      });
      return button;
    }, (node, one) => {
      const at = this._further.indexOf(one.service);
      attrs(node, { "aria-pressed": String(at >= 0) });
      text(node, at >= 0 ? `${at + 2}. ${named(one.name, one.name_en)}` : named(one.name, one.name_en));
    });
  }

  _whyNot() {
    const desk = this._context.desk();
    const { open, words } = standing(this._service(this._about.service), this._context.now(), desk.place.timezone);
    if (!open) return words;
    const needing = this._codes.some((code) => this._service(code).needs_precheck);
    if (needing && !this._context.may("precheck")) return t("desk.why.noPrecheck");
    if (needing && !this._checks.whole) return t("desk.why.checks");
    if (this._class.value() === "priority") {
      const used = whyNoPriority(desk, this._context.role(), "next");
      if (used) return used;
      if (!this._reason.value.trim()) return t("desk.why.reason");
    }
    return this._count(this._party) && this._count(this._cases) ? "" : t("desk.why.count");
  }

  /** @param {HTMLInputElement} input @returns {number} 0: no count */
  _count(input) {
    const count = Number(input.value || "1");
    return Number.isInteger(count) && count >= 1 && count <= 999 ? count : 0;
  }

  _issue() {
    const { item, service } = this._about;
    /** @type {Object<string, any>} */
    const body = item ? { item: item.code } : { service };
    body.channel = "counter";
    if (this._class.value() === "priority") Object.assign(body, { class: "priority", class_reason: this._reason.value.trim() });
    const traits = this._traits.filter((one) => one.input.checked).map((one) => one.input.value);
    if (traits.length) body.traits = traits;
    if (this._count(this._party) > 1) body.party = this._count(this._party);
    if (this._count(this._cases) > 1) body.cases = this._count(this._cases);
    if (this._clerk.value) body.prefer_clerk = this._clerk.value;
    if (this._phone.value.trim()) body.person = { phone: this._phone.value.trim() };
    if (this._further.length) body.services = this._further;
    if (this._printer.value) body.printer = this._printer.value;
    if (this._checks.any && this._checks.whole && this._context.may("precheck")) body.prechecked = true;
    this._context.act({ name: t("desk.do.take"), path: "tickets", body }, (answer) => t("desk.done.take", { number: answer.ticket.number })).then((answer) => {
      if (answer) this._onTaken(answer.ticket);
    });
  }

  _sendHome() {
    const { item, service } = this._about;
    const { missing } = this._checks;
    // What another service of the visit asks for is on its own list: each is told where it belongs.
    const listed = (item ? item.checks : this._service(service).checks).map((one) => one.text);
    const own = missing.filter((one) => listed.indexOf(one) >= 0);
    const other = this._further.find((code) => this._service(code).checks.some((one) => missing.indexOf(one.text) >= 0));
    /** @type {Object<string, any>} */
    const about = own.length || !other ? (item ? { item: item.code } : { service }) : { service: other };
    const told = own.length || !other ? own : this._service(other).checks.map((one) => one.text).filter((one) => missing.indexOf(one) >= 0);
    const all = this._allChecks().filter((one) => missing.indexOf(one.text) >= 0);
    this._context.act({ name: t("desk.do.sendHome"), path: "prechecks", body: Object.assign(about, { missing: told }) }, t("desk.done.sendHome")).then((answer) => {
      if (!answer) return;
      const desk = this._context.desk();
      const name = item ? named(item.name, item.name_en) : named(this._service(service).name, this._service(service).name_en);
      const foot = t("desk.slip.foot", { hall: named(desk.place.name, desk.place.name_en) });
      this._onSentHome(notice({ title: t("desk.slip.title", { name }), checks: all, foot }));
    });
  }

  /** @returns {Check[]} */
  _allChecks() {
    const of = this._codes.reduce((found, code) => found.concat(this._service(code).checks), /** @type {Check[]} */ ([]));
    const all = this._about.item ? of.concat(this._about.item.checks) : of;
    return all.filter((one, at) => all.findIndex((other) => other.text === one.text) === at);
  }
}

/** The services, each with who waits and how long. */
export class Services {
  /** @param {HTMLElement} node @param {(service: string) => void} pick */
  constructor(node, pick) {
    this._node = node;
    this._pick = pick;
  }

  /** @param {Desk} desk @param {number} now @param {boolean} acting */
  render(desk, now, acting) {
    reconcile(this._node, desk.services, (one) => one.service, (one) => {
      const button = el("button", { type: "button", class: "service", "data-service": one.service });
      button.addEventListener("click", () => this._pick(one.service));
      return el("li", {}, button);
    }, (node, one) => {
      const { open, words } = standing(one, now, desk.place.timezone);
      const button = /** @type {HTMLElement} */ (node.firstElementChild);
      attrs(button, { "data-open": String(open), "aria-disabled": acting ? null : "true" });
      refill(button, JSON.stringify([one.prefix, one.name, words, one.needs_precheck, one.checks.length]), () => [
        el("span", { class: "plate letter" }, one.prefix),
        el("span", { class: "service-words" }, el("strong", {}, named(one.name, one.name_en)), el("span", {}, words)),
        ...(one.needs_precheck || one.checks.length ? [el("span", { class: "chip-word" }, t(one.needs_precheck ? "desk.check.first" : "desk.check.may"))] : []),
        ...(open ? [] : [shape("dash")]),
      ]);
    });
  }
}
