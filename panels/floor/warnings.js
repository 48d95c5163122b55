/** What calls for attention, the worst first, each with one thing to do. */

import { hourMinute, minutes } from "/static/clock.js";
import { attrs, byId, el, shape, text } from "/static/dom.js";
import { named, t, tCode } from "/static/words.js";
import { deviceWords, isWrong } from "/pages/floor/devices.js";
import { part, reconcile, refill } from "/pages/floor/list.js";
import { wholeMinutes } from "/pages/floor/times.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").FloorWarning} FloorWarning */
/** @typedef {import("/static/wire.js").FloorWindow} FloorWindow */
/** @typedef {{kind: "window"|"service"|"device"|"cases", id: string, why: string}} Subject what a sheet is about, and what led there */
/** @typedef {{id: string, severe: boolean, sinceMs: number, title: string, more: string, act: string, subject: Subject}} Row */

/** @param {string[]} ids @param {Floor} floor */
const namesOf = (ids, floor) =>
  ids.map((id) => {
    const clerk = floor.clerks.find((one) => one.id === id);
    return clerk ? clerk.name : id;
  });

/** @param {FloorWarning} one @param {Floor} floor @param {number} nowMs @returns {string} */
function windowMore(one, floor, nowMs) {
  const window = /** @type {FloorWindow} */ (floor.windows.find((other) => other.id === one.window));
  const clerk = window.clerk ? namesOf([window.clerk], floor)[0] : "";
  if (one.code === "unstaffed") {
    const free = namesOf(one.clerks || [], floor);
    return free.length ? t("floor.warn.unstaffed.free", { names: free.join(t("listComma")) }) : t("floor.warn.unstaffed.none");
  }
  if (one.code === "serving") return t("floor.warn.serving.more", { n: floor.thresholds.serving_min, clerk });
  if (one.code === "paused") {
    const reason = window.pause_reason || t("floor.noReason");
    return t("floor.warn.paused.more", { n: floor.thresholds.paused_min, clerk, reason });
  }
  const since = one.since_ms === undefined ? nowMs : one.since_ms;
  return [clerk, hourMinute(since, floor.place.timezone)].filter(Boolean).join(t("comma"));
}

/** @param {FloorWarning} one @param {Floor} floor @param {number} nowMs @returns {Row|null} */
function rowOf(one, floor, nowMs) {
  const since = one.since_ms === undefined ? nowMs : one.since_ms;
  const n = wholeMinutes(nowMs - since);
  const severe = one.severe === true || (one.severe_ms !== undefined && nowMs >= one.severe_ms);
  const row = { id: one.id, severe, sinceMs: since };
  if (one.window !== undefined) {
    const window = floor.windows.find((other) => other.id === one.window);
    if (!window) return null;
    const title = tCode(`floor.warn.${one.code}`, "floor.warn.other", { label: window.label, n });
    const act = t(one.code === "unstaffed" ? "floor.do.assign" : "floor.do.look");
    return Object.assign(row, { title, more: windowMore(one, floor, nowMs), act, subject: { kind: /** @type {"window"} */ ("window"), id: window.id, why: one.code } });
  }
  const queue = floor.queues.find((other) => other.service === one.service && (one.class === undefined || other.class === one.class));
  if (!queue) return null;
  const kind = queue.class === "ordinary" || one.class === undefined ? "" : t(`panel.class.${queue.class}`);
  const name = named(queue.name, queue.name_en);
  const subject = { kind: /** @type {"service"} */ ("service"), id: queue.service, why: one.code };
  if (one.code === "crowd") {
    const title = t("floor.warn.crowd", { name, n: one.count || 0 });
    return Object.assign(row, { title, more: t("floor.warn.crowd.more", { n: floor.thresholds.waiting }), act: t("floor.do.look"), subject });
  }
  const title = t("floor.warn.wait", { name: kind ? `${name} ${kind} ` : name, n });
  const from = hourMinute(one.from_ms === undefined ? nowMs : one.from_ms, floor.place.timezone);
  const more = t("floor.warn.wait.more", { target: minutes(queue.target_s), time: from });
  return Object.assign(row, { title, more, act: t("floor.do.handle"), subject });
}

/** @param {Floor} floor @param {number} nowMs @returns {Row[]} */
export function warningRows(floor, nowMs) {
  /** @type {Row[]} */
  const rows = [];
  floor.warnings.forEach((one) => {
    if (one.from_ms !== undefined && one.from_ms > nowMs) return;
    const row = rowOf(one, floor, nowMs);
    if (row) rows.push(row);
  });
  (floor.help || []).forEach((one) => {
    const title = t("floor.warn.help", { label: one.label, n: wholeMinutes(nowMs - one.since_ms) });
    const more = [namesOf([one.clerk], floor)[0], one.reason].filter(Boolean).join(t("comma"));
    rows.push({ id: `help/${one.window}`, severe: false, sinceMs: one.since_ms, title, more, act: t("floor.do.handle"), subject: { kind: "window", id: one.window, why: "help" } });
  });
  (floor.devices || []).filter(isWrong).forEach((device) => {
    const { title, more } = deviceWords(device, floor.place.timezone);
    const sinceMs = device.since_ms === null ? nowMs : device.since_ms;
    rows.push({ id: `device/${device.id}`, severe: false, sinceMs, title, more, act: t("floor.do.handle"), subject: { kind: "device", id: device.id, why: device.state } });
  });
  const late = floor.cases ? floor.cases.due_ms.filter((dueMs) => dueMs < nowMs) : [];
  if (late.length) {
    const more = t("floor.warn.cases.more", { min: wholeMinutes(nowMs - late[0]) });
    rows.push({ id: "cases", severe: false, sinceMs: late[0], title: t("floor.warn.cases", { n: late.length }), more, act: t("floor.do.cases"), subject: { kind: "cases", id: "", why: "overdue" } });
  }
  return rows.sort((one, other) => Number(other.severe) - Number(one.severe) || one.sinceMs - other.sinceMs);
}

export class Warnings {
  /** @param {(subject: Subject, from: HTMLElement) => void} onAct */
  constructor(onAct) {
    this._onAct = onAct;
    /** @type {Map<string, Row>} */
    this._rows = new Map();
  }

  /** @param {Row} row */
  _make(row) {
    const button = el("button", { type: "button", class: "act" });
    button.addEventListener("click", () => {
      const now = this._rows.get(row.id);
      if (now) this._onAct(now.subject, button);
    });
    return el(
      "li",
      { class: "warning" },
      el("span", { class: "sign" }),
      el("p", { class: "said" }, el("strong", { class: "level" }), el("strong", { class: "title" }), el("span", { class: "more" })),
      button,
    );
  }

  /** @param {Floor} floor @param {number} nowMs @param {boolean} acting whether whoever looks may do anything */
  render(floor, nowMs, acting) {
    const rows = warningRows(floor, nowMs);
    this._rows = new Map(rows.map((row) => /** @type {[string, Row]} */ ([row.id, row])));
    const severe = rows.filter((row) => row.severe).length;
    text(byId("warnings-title"), t("floor.warnings", { n: rows.length }));
    text(byId("warnings-counts"), rows.length ? t("floor.warnings.counts", { severe, attention: rows.length - severe }) : "");
    const list = byId("warnings");
    attrs(list, { "data-empty": rows.length === 0 ? t("floor.warnings.none") : null });
    reconcile(list, rows, (row) => row.id, (row) => this._make(row), (node, row) => {
      attrs(node, { "data-severe": row.severe, "data-id": row.id });
      refill(part(node, "sign"), String(row.severe), () => [shape(row.severe ? "octagon" : "triangle")]);
      text(part(node, "level"), t(row.severe ? "floor.severe" : "floor.attention"));
      text(part(node, "title"), row.title);
      text(part(node, "more"), row.more);
      const button = part(node, "act");
      text(button, row.act);
      attrs(button, { hidden: !acting, "aria-label": `${row.act}${t("comma")}${row.title}` });
    });
  }
}
