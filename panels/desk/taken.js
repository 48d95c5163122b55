/** The number that was taken: large, where to wait, the code for a phone, and what becomes of the paper. */

import { attrs, el, shape, text } from "/static/dom.js";
import { waitRange } from "/static/waits.js";
import { named, placed, t, tCode } from "/static/words.js";
import { Buttons, refill, renderFacts } from "/pages/desk/form.js";
import { qrSvg } from "/pages/kiosk/qr.js";
import { paperOf } from "/pages/kiosk/ticket.js";

/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/pages/desk/form.js").Context} Context */

/** @type {Object<string, import("/static/dom.js").Shape>} */
const SHAPES = { none: "dash", pending: "clock", printed: "tick" };

export class TakenSheet {
  /**
   * @param {Ticket} ticket with the link of its holder, while it is fresh
   * @param {Context} context
   * @param {(number: string) => void} onMore
   */
  constructor(ticket, context, onMore) {
    this.ticket = ticket;
    this._context = context;
    this.key = `taken/${ticket.id}`;
    this.head = el("h2", { class: "sheet-title" }, t("desk.taken"));
    this._number = el("p", { class: "big-number lift" });
    this._facts = el("dl", { class: "facts" });
    this._where = el("p", { class: "where" });
    this._paper = el("p", { class: "paper", role: "status" });
    const link = (ticket.links || {}).page;
    const code = el("div", { class: "code" });
    if (link) code.append(/** @type {any} */ (qrSvg(new URL(link, location.origin).href, t("kiosk.scan"))), el("p", {}, t("kiosk.scan")));
    this._buttons = new Buttons(context);
    const next = el("button", { type: "button", class: "act do-next dominant" }, t("desk.do.next"));
    next.addEventListener("click", () => context.home());
    const more = this._buttons.make("more", t("desk.do.more"), () => onMore(ticket.number));
    this._along = this._buttons.make("along", t("desk.do.accompany"), () => this._accompany());
    this.body = el("div", { class: "sheet-body taken" }, el("div", { class: "taken-words" }, this._number, this._where, this._facts, this._paper), code);
    this.foot = el("div", { class: "sheet-foot" }, next, this._along, more);
  }

  _accompany() {
    const { id, number } = this.ticket;
    this._context.act({ name: t("desk.do.accompany"), path: `tickets/${encodeURIComponent(id)}/commands`, body: { command: "accompany" } }, t("desk.done.accompany", { number }));
  }

  update() {
    const { ticket } = this;
    const desk = this._context.desk();
    const service = desk.services.find((one) => one.service === ticket.service);
    text(this._number, ticket.number);
    attrs(this._number, { "data-long": ticket.number.length > 4 ? "true" : null });
    const zone = service ? named(service.zone_name, service.zone_name_en) : "";
    const place = service ? placed(service.zone_place, service.zone_place_en, service.zone_name_en) : "";
    const where = [place, zone].filter(Boolean).join(t("gap")) || t("kiosk.anywhere");
    refill(this._where, where, () => [shape("arrow"), el("span", {}, t("kiosk.waitHere")), el("strong", {}, where)]);
    const range = waitRange(ticket.wait || null);
    /** @type {[string, string][]} */
    const rows = [[t("desk.fact.service"), service ? named(service.name, service.name_en) : ticket.service]];
    if (typeof ticket.ahead === "number") {
      rows.push([t("desk.fact.ahead"), ticket.ahead ? t("desk.people", { n: ticket.ahead }) : t("phone.next")]);
      rows.push([t("desk.fact.wait"), range ? t("desk.minutes", { range }) : t(ticket.ahead ? "wait.unknown" : "phone.soon")]);
    }
    if (ticket.class !== "ordinary") rows.push([t("desk.fact.class"), tCode(`panel.class.${ticket.class}`, "panel.class.ordinary")]);
    renderFacts(this._facts, rows);
    const paper = paperOf(ticket.print || null, this._context.hindrance() !== t("desk.why.lost"));
    const bad = paper === "failed" || paper === "unknown";
    attrs(this.body, { "data-print": paper });
    const fault = ticket.print && ticket.print.fault ? `　${tCode(`kiosk.fault.${ticket.print.fault}`, "kiosk.fault.error")}` : "";
    refill(this._paper, paper + fault, () => [shape(bad ? "triangle" : SHAPES[paper]), el("span", {}, t(`desk.paper.${paper}`) + fault)]);
    const along = desk.accompanied.some((one) => one.ticket === ticket.id);
    attrs(this._along, { hidden: along || !this._context.may("accompany") });
    this._buttons.update();
    return true;
  }
}
