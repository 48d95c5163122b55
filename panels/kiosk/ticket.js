/** The number that was taken: large, where to wait, and what becomes of its paper. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { waitRange } from "/static/waits.js";
import { named, placed, t, tCode } from "/static/words.js";
import { setNumber } from "/pages/tv/size.js";
import { qrSvg } from "/pages/kiosk/qr.js";

/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/static/wire.js").Entrance} Entrance */
/** @typedef {import("/static/wire.js").Print} Print */

/** @typedef {"wants_priority"|"english"} Wish what is asked for with a number */

/** So often a kiosk prints a number: more is for the desk. */
const COPIES = 3;

/** What is known of the paper. @param {Print|null} print @param {boolean} live @returns {"none"|"pending"|"printed"|"failed"|"unknown"} */
export function paperOf(print, live) {
  if (!print) return "none";
  return print.state === "pending" && !live ? "unknown" : print.state;
}

/** @param {Print|null} print @param {boolean} live */
export const mayReprint = (print, live) => live && print !== null && print.state !== "pending" && print.copy < COPIES;

/** The address behind the code. @param {Ticket} ticket */
export function pageOf(ticket) {
  const page = (ticket.links || {}).page;
  return page ? new URL(page, location.origin).href : "";
}

/**
 * @param {Ticket} ticket
 * @param {string} link
 * @param {Print|null} print
 * @param {Entrance} hall
 * @param {{live: boolean, notAgain: string, wishes: Wish[]}} now notAgain: why it was not printed again; empty: nothing of that;
 *   wishes: what is asked for, whether or not it went with the number
 */
export function renderTicket(ticket, link, print, hall, { live, notAgain, wishes }) {
  const paper = paperOf(print, live);
  const service = hall.services.find((one) => one.service === ticket.service);
  const bad = paper === "failed" || paper === "unknown";
  attrs(byId("ticket"), { "data-paper": paper });
  if (byId("result").getAttribute("data-paper") !== paper) {
    attrs(byId("result"), { "data-paper": paper });
    fill(byId("result-sign"), [shape(bad ? "triangle" : "tick")]);
  }
  text(byId("result"), t(`kiosk.result.${paper}`));
  const fault = print && print.fault ? tCode(`kiosk.fault.${print.fault}`, "kiosk.fault.error") : "";
  text(byId("print"), notAgain || (bad && fault ? fault : t(`kiosk.print.${paper}`)));
  text(byId("ticket-service"), service ? named(service.name, service.name_en) : ticket.service);
  setNumber(byId("number"), ticket.number);
  const ahead = typeof ticket.ahead === "number" ? ticket.ahead : null;
  attrs(byId("figures"), { hidden: ahead === null });
  if (ahead !== null) {
    const range = waitRange(ticket.wait || null);
    figure("ahead", ahead === 0 ? "" : String(ahead), t(ahead === 0 ? "phone.next" : ahead === 1 ? "phone.person" : "phone.people"));
    figure("wait", range || "", range ? t("phone.minutes") : t(ahead === 0 ? "phone.soon" : "wait.unknown"));
  }
  const zone = service ? named(service.zone_name, service.zone_name_en) : "";
  const floor = service ? placed(service.zone_place, service.zone_place_en, service.zone_name_en) : "";
  text(byId("where"), [floor, zone].filter(Boolean).join(t("gap")) || t("kiosk.anywhere"));
  if (!byId("where-sign").firstChild) fill(byId("where-sign"), [shape("arrow")]);
  const { rejoin } = hall;
  const notes = [t("kiosk.note.1"), t("kiosk.note.2"), t(`phone.ifMissed.${rejoin.policy}`, { minutes: rejoin.minutes, k: rejoin.k }), t("phone.mayChange")];
  if (ticket.traits.indexOf("wants_priority") >= 0 && ticket.class === "ordinary") notes.unshift(t("kiosk.note.priority"));
  notes.unshift(...wishes.filter((wish) => ticket.traits.indexOf(wish) < 0).map((wish) => t(`kiosk.note.without.${wish}`)));
  if (byId("notes").getAttribute("data-key") !== notes.join()) {
    attrs(byId("notes"), { "data-key": notes.join() });
    fill(byId("notes"), notes.map((note) => el("li", {}, note)));
  }
  attrs(byId("code"), { hidden: link === "" });
  if (link && byId("qr").getAttribute("data-ticket") !== ticket.id) {
    attrs(byId("qr"), { "data-ticket": ticket.id });
    fill(byId("qr"), [/** @type {any} */ (qrSvg(link, t("kiosk.scan")))]);
  }
}

/** @param {string} id @param {string} value @param {string} unit */
function figure(id, value, unit) {
  const key = `${value} ${unit}`;
  if (byId(id).getAttribute("data-key") === key) return;
  attrs(byId(id), { "data-key": key });
  fill(byId(id), [el("strong", {}, value), el("span", {}, unit)]);
}
