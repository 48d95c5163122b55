/** What can be taken a number for, as cards: those that are closed say why, and when they open. */

import { dateParts, hourMinute } from "/static/clock.js";
import { el, shape } from "/static/dom.js";
import { isIssuing, waitRange } from "/static/waits.js";
import { lang, named, t } from "/static/words.js";

/** @typedef {import("/static/wire.js").EntranceService} EntranceService */

const MAX_EXAMPLES = 8;

/** @typedef {{open: boolean, people: string, wait: string, why: string}} Now */

/**
 * @param {EntranceService} service
 * @param {number} nowMs server time
 * @param {string} timezone
 * @returns {Now}
 */
export function nowOf(service, nowMs, timezone) {
  if (!isIssuing(service.ticketing, nowMs)) return { open: false, people: "", wait: "", why: whyClosed(service, nowMs, timezone) };
  if (service.needs_precheck) return { open: false, people: "", wait: "", why: t("desk.kiosk.precheck") };
  const people = t(service.count === 0 ? "kiosk.nobody" : service.count === 1 ? "kiosk.person" : "kiosk.people", { n: service.count });
  const range = waitRange(service.wait);
  let wait = range ? t("kiosk.about", { range }) : t("wait.unknown");
  if (service.count === 0) wait = t("wait.none");
  if (service.working === 0) wait = t("wait.noWindow");
  return { open: true, people, wait, why: "" };
}

/** What, why, what now. @param {EntranceService} service @param {number} nowMs @param {string} timezone */
function whyClosed(service, nowMs, timezone) {
  const { ticketing } = service;
  const nextMs = ticketing.next_ms;
  let next = "";
  if (nextMs && nextMs > nowMs) {
    const day = dateParts(nextMs, timezone).date;
    const today = day === dateParts(nowMs, timezone).date;
    const time = hourMinute(nextMs, timezone);
    next = today ? t("kiosk.nextToday", { time }) : t("kiosk.nextDay", { day, time });
  }
  let what = t("kiosk.notNow");
  if (ticketing.closed === "quota_exhausted") what = t("kiosk.full");
  if (ticketing.closed === "service_closed") {
    const reason = named(ticketing.reason, ticketing.reason_en);
    what = reason ? t("kiosk.stoppedFor", { reason }) : t("wait.stopped");
  }
  const hint = next || (ticketing.closed === "service_closed" ? t("kiosk.askDesk") : "");
  const book = service.bookable && ticketing.closed !== "service_closed" ? t("kiosk.mayBook") : "";
  return [what, hint, book].filter(Boolean).join(t("comma"));
}

/** @param {EntranceService} service @param {boolean} elder */
export const nameOf = (service, elder) => (elder && lang === "zh" && service.everyday) || named(service.name, service.name_en);

/** How small a name has to be to stay in one line beside the waiting time. @param {string} name */
const fitOf = (name) => (lang === "en" ? 0 : Math.max(0, Math.min(4, name.length - 4)));

/** What people call it and plain examples, as many as stay in one line under a name that does. @param {EntranceService} service */
function examplesOf(service) {
  if (fitOf(service.name) === 4) return "";
  let words = "";
  [service.everyday, ...service.examples].filter(Boolean).some((one) => {
    const more = words ? `${words} ${one}` : one;
    if (words && more.length > MAX_EXAMPLES) return true;
    words = more;
    return false;
  });
  return words;
}

/**
 * One card: a button, or what keeps it from being one.
 * @param {EntranceService} service
 * @param {Now} now
 * @param {boolean} elder
 */
export function card(service, now, elder) {
  const name = el("strong", { class: "name", "data-fit": fitOf(nameOf(service, elder)) }, nameOf(service, elder));
  const tile = elder ? [] : [el("span", { class: "tile", "data-len": service.prefix.length }, service.prefix)];
  if (!now.open) {
    return el("div", { class: "service closed", "data-service": service.service }, ...tile, el("span", { class: "what" }, name, el("span", { class: "why" }, now.why)));
  }
  const examples = elder || lang === "en" ? "" : examplesOf(service);
  const what = el("span", { class: "what" }, name, ...(examples ? [el("span", { class: "examples" }, examples)] : []));
  const queue = el("span", { class: "queue" }, el("strong", {}, now.people), el("span", {}, now.wait));
  return el("button", { type: "button", class: "service", "data-service": service.service }, ...tile, what, queue, ...(elder ? [shape("arrow")] : []));
}
