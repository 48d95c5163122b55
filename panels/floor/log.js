/** Who did what lately: acts of supervisors and administrators, from the hall's own record. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, text } from "/static/dom.js";
import { named, t, tCode } from "/static/words.js";
import { part, reconcile } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/pages/floor/staff.js").Staff} Staff */
/** @typedef {{revision: number, index: number, at_ms: number, kind: string, who: Object<string, string>, data: Object<string, any>}} Event */

const SHOWN = 30;
/** Revisions of one page. */
const PAGE = 500;
/** So far back it looks for acts when it begins; a busy hall writes as many in a quarter of an hour. */
const BACK = 4000;
/** Between two looks while the hall changes. */
const PAUSE_MS = 1500;

const ROLES = ["supervisor", "admin"];

/** @param {Event} event whether a person who runs the hall did it, and not as a clerk */
const isAct = (event) =>
  ROLES.indexOf(event.who.role) >= 0 &&
  (event.kind !== "ticket_called" || event.data.why.rule === "called_by_name") &&
  tCode(`floor.log.${event.kind}`, "floor.none") !== t("floor.none");

export class Log {
  /** @param {Staff} staff @param {() => void} onChange */
  constructor(staff, onChange) {
    this._staff = staff;
    this._onChange = onChange;
    /** @type {Event[]} newest first */
    this._events = [];
    this._since = -1;
    this._asking = false;
    this._numbers = new Map();
  }

  /** Read on, if the hall has gone on; looks come no faster than a person reads. @param {number} revision */
  follow(revision) {
    if (this._asking || !this._staff.may("read_events") || revision <= this._since) return;
    if (this._since < 0) this._since = Math.max(0, revision - BACK);
    this._asking = true;
    this._read(revision).then(
      () => undefined,
      (status) => {
        // What is older is not kept any more: from now on, then.
        if (status === 410) this._since = revision;
      },
    ).then(() => {
      window.setTimeout(() => {
        this._asking = false;
        this._onChange();
      }, PAUSE_MS);
      this._onChange();
    });
  }

  /** @param {number} revision @returns {Promise<void>} */
  _read(revision) {
    return this._staff.get(`/events?since=${this._since}&limit=${PAGE}`).then((page) => {
      const acts = page.events.filter(isAct).reverse();
      this._events = acts.concat(this._events).slice(0, SHOWN);
      acts.filter((/** @type {Event} */ one) => one.data.ticket).forEach((/** @type {Event} */ one) => this._name(one.data.ticket));
      const on = page.next > this._since;
      this._since = page.next;
      return on && page.next < revision ? this._read(revision) : undefined;
    });
  }

  /** @param {string} ticket id whose number is wanted */
  _name(ticket) {
    if (this._numbers.has(ticket)) return;
    this._numbers.set(ticket, "");
    this._staff.get(`/tickets/${encodeURIComponent(ticket)}`).then(
      (answer) => {
        this._numbers.set(ticket, answer.ticket.number);
        this._onChange();
      },
      () => undefined, // of another day: the line says what was done without it
    );
  }

  /** @param {Event} event @param {Floor} floor @returns {string} */
  _words(event, floor) {
    const { data } = event;
    const window = floor.windows.find((one) => one.id === data.window);
    const clerk = floor.clerks.find((one) => one.id === data.clerk);
    const service = floor.services.find((one) => one.code === data.service);
    const reason = (event.kind === "ticket_called" ? data.why.reason : data.reason) || "";
    const words = tCode(`floor.log.${event.kind}`, "floor.none", {
      label: window ? window.label : data.window || "",
      clerk: clerk ? clerk.name : data.clerk || "",
      service: service ? named(service.name, service.name_en) : data.service || "",
      number: this._numbers.get(data.ticket) || "",
      mode: tCode(`floor.mode.${data.mode}`, "floor.mode.file"),
      text: data.notice && data.notice.text ? data.notice.text : "",
    });
    const given = reason && reason !== "unspecified" ? t("floor.log.reason", { reason }) : "";
    return words + given;
  }

  /** @param {Event} event */
  _who(event) {
    const role = tCode(`floor.role.${event.who.role}`, "floor.role.other");
    return event.who.name || `${role} ${event.who.id.slice(-4)}`;
  }

  /** @param {Floor} floor */
  render(floor) {
    const list = byId("log");
    attrs(list, { "data-empty": this._events.length ? null : t("floor.log.none") });
    reconcile(list, this._events, (one) => `${one.revision}/${one.index}`, () => el("li", {}, el("span", { class: "when" }), el("span", { class: "what" }), el("span", { class: "by" })), (node, one) => {
      attrs(node, { "data-kind": one.kind });
      text(part(node, "when"), hourMinute(one.at_ms, floor.place.timezone));
      text(part(node, "what"), this._words(one, floor));
      text(part(node, "by"), this._who(one));
    });
  }
}
