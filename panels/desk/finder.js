/** Finding a ticket: one field, and what was typed says what is meant; what can be two things is looked for as both. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, text } from "/static/dom.js";
import { lang, named, t, tCode } from "/static/words.js";
import { reconcile, refill, renderOptions } from "/pages/desk/form.js";

/** @typedef {import("/static/wire.js").Desk} Desk */
/** @typedef {import("/static/wire.js").Found} Found */
/** @typedef {{kind: "number"|"tail"|"phone"|"id"|"time"|"service", wanted: Object<string, any>}} Meant */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * When a time of the day was last, in the hall's own time zone.
 * @param {number} hours
 * @param {number} minutes
 * @param {number} nowMs
 * @param {string} timezone
 */
function lastTime(hours, minutes, nowMs, timezone) {
  const [hoursNow, minutesNow] = hourMinute(nowMs, timezone).split(":").map(Number);
  const ago = ((hoursNow - hours) * 60 + minutesNow - minutes) * 60_000;
  return nowMs - (ago < -HOUR_MS ? ago + DAY_MS : ago);
}

/**
 * What somebody who typed this may be looking for, the likeliest first; none: nothing that tells tickets apart.
 * @param {string} typed
 * @param {number} nowMs server time
 * @param {string} timezone
 * @returns {Meant[]}
 */
export function meant(typed, nowMs, timezone) {
  const plain = typed.normalize("NFKC").trim();
  const time = /^([01]?\d|2[0-3])[:.](\d{2})$/.exec(plain);
  if (time) return [{ kind: "time", wanted: { issued_near_ms: Math.round(lastTime(Number(time[1]), Number(time[2]), nowMs, timezone)) } }];
  const tight = plain.replace(/[\s()-]/g, "");
  /** @type {Meant} */
  const phone = { kind: "phone", wanted: { person: { phone: tight } } };
  /** @type {Meant} */
  const id = { kind: "id", wanted: { person: { id_no: tight } } };
  /** @type {Meant} */
  const tail = { kind: "tail", wanted: { tail: tight } };
  /** @type {Meant} */
  const number = { kind: "number", wanted: { number: tight } };
  if (/^(\+\d{7,15}|\d{11,14})$/.test(tight)) return [phone];
  // A telephone of Hong Kong or on a wire, or a permit or passport.
  if (/^\d{7,10}$/.test(tight)) return [phone, id];
  if (/^[0-9A-Za-z]{7,20}$/.test(tight)) return [id];
  if (/^\d{4}$/.test(tight)) return [tail, number];
  if (/^\d{3}$/.test(tight)) return [number, tail];
  if (/^\d{2,3}[Xx]$/.test(tight)) return [tail];
  return /^[A-Za-z]{0,2}\d{1,5}$/.test(tight) ? [number] : [];
}

/** @param {Found} found @param {Desk} desk */
export function serviceName(found, desk) {
  const service = desk.services.find((one) => one.service === found.ticket.service);
  return service ? named(service.name, service.name_en) : found.ticket.service;
}

export class Finder {
  /**
   * @param {{ask: (body: Object) => Promise<import("/static/door.js").Result>, now: () => number, live: () => boolean, onPick: (found: Found) => void}} options
   */
  constructor(options) {
    this._options = options;
    /** @type {Found[]} */
    this.found = [];
    this._says = "";
    this._asked = 0;
    /** @type {Desk|null} */
    this._desk = null;
    this._timezone = "Asia/Shanghai";
    this._chosen = "";
    byId("find").addEventListener("submit", (event) => {
      event.preventDefault();
      this.search();
    });
    byId("clear").addEventListener("click", () => this.clear());
  }

  get _typed() {
    return /** @type {HTMLInputElement} */ (byId("find-text")).value;
  }

  get _service() {
    return /** @type {HTMLSelectElement} */ (byId("find-service")).value;
  }

  clear() {
    /** @type {HTMLInputElement} */ (byId("find-text")).value = "";
    /** @type {HTMLSelectElement} */ (byId("find-service")).value = "";
    this.found = [];
    this._says = "";
    this._asked += 1;
    this._show();
    byId("find-text").focus();
  }

  /** @returns {Promise<void>} */
  async search() {
    const { ask, now, live } = this._options;
    const service = this._service;
    /** @type {Meant[]} */
    const asks = this._typed.trim() ? meant(this._typed, now(), this._timezone) : service ? [{ kind: "service", wanted: {} }] : [];
    this._asked += 1;
    const asked = this._asked;
    if (!live()) return this._tell([], t("desk.why.lost"));
    if (!asks.length) return this._tell([], t("desk.find.nothingMeant"));
    const narrowed = service ? { service } : {};
    const results = await Promise.all(asks.map((one) => ask(Object.assign({}, one.wanted, narrowed))));
    if (asked !== this._asked) return undefined;
    /** @type {Found[]} */
    const found = [];
    /** @type {string[]} */
    const ways = [];
    let more = "";
    for (let at = 0; at < asks.length; at += 1) {
      const result = results[at];
      if (!result.ok) return this._tell([], tCode(`desk.find.refused.${result.problem.code}`, "desk.find.failed"));
      /** @type {{tickets: Found[]}} */
      const { tickets } = result.answer;
      if (tickets.length) ways.push(asks[at].kind);
      if (result.answer.more) more = t("desk.find.more");
      found.push(...tickets.filter((one) => found.every((other) => other.ticket.id !== one.ticket.id)));
    }
    const how = (ways.length ? ways : asks.map((one) => one.kind)).map((kind) => t(/** @type {import("/static/words.js").Key} */ (`desk.find.by.${kind}`))).join(" / ");
    this._tell(found, found.length ? t("desk.find.found", { how, n: found.length }) + more : t("desk.find.none", { how }));
    if (found.length === 1) this._options.onPick(found[0]);
    return undefined;
  }

  /** @param {Found[]} found @param {string} says */
  _tell(found, says) {
    this.found = found;
    this._says = says;
    this._show();
  }

  /** What is known of one of them is another now. @param {Found} found */
  replace(found) {
    this.found = this.found.map((one) => (one.ticket.id === found.ticket.id ? found : one));
  }

  /** @param {Desk} desk @param {string} chosen id of the ticket that is shown; empty: none */
  render(desk, chosen) {
    this._desk = desk;
    this._timezone = desk.place.timezone;
    this._chosen = chosen;
    /** @type {[string, string][]} */
    const services = desk.services.map((one) => [one.service, `${one.prefix} ${named(one.name, one.name_en)}`]);
    renderOptions(/** @type {HTMLSelectElement} */ (byId("find-service")), [/** @type {[string, string]} */ (["", t("desk.find.anyService")])].concat(services));
    this._show();
  }

  _show() {
    text(byId("find-says"), this._says);
    attrs(byId("found"), { "data-count": this.found.length });
    const desk = this._desk;
    if (!desk) return;
    reconcile(byId("found"), this.found, (one) => one.ticket.id, (one) => this._row(one), (node, one) => this._update(node, one, desk));
  }

  /** @param {Found} found */
  _row(found) {
    const button = el("button", { type: "button", class: "found-row" });
    button.addEventListener("click", () => {
      const now = this.found.find((one) => one.ticket.id === found.ticket.id);
      if (now) this._options.onPick(now);
    });
    return el("li", {}, button);
  }

  /** @param {HTMLElement} node @param {Found} found @param {Desk} desk */
  _update(node, found, desk) {
    const { ticket, person } = found;
    const button = /** @type {HTMLElement} */ (node.firstElementChild);
    const state = tCode(`desk.state.${ticket.state}`, "desk.state.other");
    const time = hourMinute(ticket.issued_ms, desk.place.timezone);
    const who = person ? [person.name, person.phone_last4 && t("desk.person.phone", { tail: person.phone_last4 }), person.id_last4 && t("desk.person.id", { tail: person.id_last4 })].filter(Boolean).join(lang === "zh" ? "，" : ", ") : "";
    attrs(button, { "aria-pressed": String(ticket.id === this._chosen), "data-number": ticket.number, "data-state": ticket.state });
    refill(button, JSON.stringify([ticket.number, state, time, who, ticket.class, serviceName(found, desk)]), () => {
      const chip = ticket.class === "ordinary" ? [] : [el("span", { class: "chip-word" }, t(ticket.class === "priority" ? "panel.class.priority" : "panel.class.appointment"))];
      return [
        el("strong", { class: "found-number" }, ticket.number),
        el("span", { class: "found-what" }, el("span", {}, serviceName(found, desk)), el("span", { class: "found-when" }, `${time}　${state}`), el("span", { class: "found-who" }, who)),
        ...chip,
      ];
    });
  }
}

/** Tickets that somebody goes along with. @param {Desk} desk @param {(number: string) => void} pick */
export function renderAccompanied(desk, pick) {
  attrs(byId("along"), { hidden: desk.accompanied.length === 0 });
  reconcile(byId("along-list"), desk.accompanied, (one) => one.ticket, (one) => {
    const button = el("button", { type: "button", class: "along-row" });
    button.addEventListener("click", () => pick(one.number));
    return el("li", {}, button);
  }, (node, one) => {
    const window = desk.windows.find((each) => each.id === one.window);
    const where = window ? t("panel.window", { label: window.label }) : "";
    const who = one.helper || t("desk.helper");
    const state = tCode(`desk.state.${one.state}`, "desk.state.other");
    refill(/** @type {HTMLElement} */ (node.firstElementChild), JSON.stringify([one.number, where, who, state]), () => [el("strong", {}, one.number), el("span", {}, [state, where].filter(Boolean).join(" ")), el("span", { class: "along-who" }, who)]);
  });
}

