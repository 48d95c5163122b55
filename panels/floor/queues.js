/** Queues: who waits, how many windows serve them, and how long the first has waited against the target. */

import { minutes } from "/static/clock.js";
import { attrs, byId, el, shape, text } from "/static/dom.js";
import { isIssuing, whyNotIssuing } from "/static/waits.js";
import { named, t } from "/static/words.js";
import { part, reconcile, refill } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").Queue} Queue */
/** @typedef {import("/static/wire.js").ServiceNow} ServiceNow */

/** Where the target's tick stands in the bar, percent; side.css places it. */
const TARGET_AT = 67;

/** @param {Queue} queue @param {ServiceNow} service @param {Floor} floor @param {number} nowMs */
function lastColumn(queue, service, floor, nowMs) {
  if (queue.head_since_ms !== null) {
    return t("floor.queues.row", { n: minutes((nowMs - queue.head_since_ms) / 1000), target: minutes(queue.target_s) });
  }
  if (!isIssuing(service.ticketing, nowMs)) return whyNotIssuing(service.ticketing, nowMs, floor.place.timezone);
  return t("panel.queues.empty");
}

export class Queues {
  /** @param {(service: string, from: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    this._onChoose = onChoose;
  }

  /** @param {Queue} queue */
  _make(queue) {
    const fillBar = el("span", { class: "bar-fill" });
    const row = el(
      "button",
      { type: "button", class: "queue" },
      el("span", { class: "prefix" }),
      el("span", { class: "what" }, el("span", { class: "name" }), el("strong", { class: "class" }), el("strong", { class: "stopped" })),
      el("strong", { class: "count" }),
      el("span", { class: "working" }),
      el("span", { class: "bar" }, fillBar, el("span", { class: "bar-target" })),
      el("span", { class: "wait" }),
    );
    row.addEventListener("click", () => this._onChoose(queue.service, row));
    return el("li", {}, row);
  }

  /** @param {Floor} floor @param {number} nowMs @param {string|null} chosen */
  render(floor, nowMs, chosen) {
    const services = new Map(floor.services.map((one) => /** @type {[string, ServiceNow]} */ ([one.code, one])));
    // A service always has its line; appointment and priority only while somebody is in them.
    const rows = floor.queues.filter((queue) => queue.class === "ordinary" || queue.count > 0);
    reconcile(byId("queues"), rows, (queue) => `${queue.service}/${queue.class}`, (queue) => this._make(queue), (node, queue) => {
      const service = /** @type {ServiceNow} */ (services.get(queue.service));
      const since = queue.head_since_ms;
      const over = since !== null && nowMs - since > queue.target_s * 1000;
      const stopped = service.ticketing.closed === "service_closed";
      const last = lastColumn(queue, service, floor, nowMs);
      const name = named(queue.name, queue.name_en);
      const ordinary = queue.class === "ordinary";
      const kind = ordinary ? "" : t(`panel.class.${queue.class}`);
      attrs(part(node, "queue"), {
        "data-service": queue.service,
        "data-over": over,
        "aria-pressed": ordinary && queue.service === chosen ? "true" : "false",
      });
      const prefix = part(node, "prefix");
      text(prefix, queue.prefix);
      attrs(prefix, { "data-len": queue.prefix.length });
      text(part(node, "name"), name);
      text(part(node, "class"), kind);
      text(part(node, "stopped"), stopped ? t("floor.queues.stopped") : "");
      text(part(node, "count"), queue.count);
      text(part(node, "working"), ordinary ? service.working : "");
      part(node, "bar-fill").style.width =
        since === null ? "0" : `${Math.min(100, Math.max(0, ((nowMs - since) / 1000 / queue.target_s) * TARGET_AT)).toFixed(1)}%`;
      attrs(part(node, "bar"), { "data-none": since === null });
      refill(part(node, "wait"), `${over} ${last}`, () => (over ? [shape("triangle"), el("strong", {}, last)] : [last]));
    });
  }
}
