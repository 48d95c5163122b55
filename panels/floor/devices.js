/** Devices by kind: how many are well, and which are not. Shown where the hall knows of any. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, shape, text } from "/static/dom.js";
import { named, t, tCode } from "/static/words.js";
import { part, reconcile, refill } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").Device} Device */
/** @typedef {{kind: string, all: Device[], wrong: Device[], well: number}} Kind `well`: heard from, without a fault */

/** @param {Device} device */
export const isWrong = (device) => device.state === "fault" || device.state === "silent";

/** @param {Device} device */
const isWell = (device) => device.state === "ok";

/** @param {Device} device */
export const nameOf = (device) => (device.name !== device.id && device.name) || `${tCode(`floor.device.${device.kind}`, "floor.device.other", { kind: device.kind })} ${device.id}`;

/** @param {Device} device */
const faultsOf = (device) => device.faults.map((fault) => named(fault.text, fault.text_en)).join(t("listComma"));

/**
 * @param {Device} device
 * @param {string} timezone
 * @returns {{title: string, more: string}}
 */
export function deviceWords(device, timezone) {
  const seen = device.last_seen_ms === null ? t("floor.device.never") : t("floor.device.seen", { time: hourMinute(device.last_seen_ms, timezone) });
  const todo = named(device.todo, device.todo_en);
  const what = device.state === "silent" ? t("floor.device.silent") : faultsOf(device) || t("floor.device.fault");
  return { title: t("floor.device.wrong", { name: nameOf(device), what }), more: [device.place, seen, todo].filter(Boolean).join(t("comma")) };
}

/** @param {Device[]} devices @returns {Kind[]} kinds with something wrong first */
function kindsOf(devices) {
  /** @type {Map<string, Kind>} */
  const kinds = new Map();
  devices.forEach((device) => {
    const kind = kinds.get(device.kind) || { kind: device.kind, all: [], wrong: [], well: 0 };
    kind.all.push(device);
    if (isWrong(device)) kind.wrong.push(device);
    if (isWell(device)) kind.well += 1;
    kinds.set(device.kind, kind);
  });
  return Array.from(kinds.values()).sort((one, other) => Number(other.wrong.length > 0) - Number(one.wrong.length > 0));
}

export class Devices {
  /** @param {(device: string, from: HTMLElement) => void} onChoose */
  constructor(onChoose) {
    this._onChoose = onChoose;
    /** @type {Map<string, Kind>} */
    this._kinds = new Map();
  }

  /** @param {Kind} kind */
  _make(kind) {
    const row = el(
      "button",
      { type: "button", class: "device" },
      el("span", { class: "sign" }),
      el("span", { class: "name" }),
      el("strong", { class: "well" }),
      el("span", { class: "which" }),
    );
    row.addEventListener("click", () => {
      const now = this._kinds.get(kind.kind);
      if (now) this._onChoose((now.wrong[0] || now.all.find((one) => !isWell(one)) || now.all[0]).id, row);
    });
    return el("li", {}, row);
  }

  /** @param {Device[]|undefined} devices */
  render(devices) {
    attrs(byId("devices-part"), { hidden: !devices || devices.length === 0 });
    if (!devices) return;
    const kinds = kindsOf(devices);
    this._kinds = new Map(kinds.map((kind) => /** @type {[string, Kind]} */ ([kind.kind, kind])));
    text(byId("devices-count"), t("floor.devices.count", { n: devices.filter(isWell).length, total: devices.length }));
    reconcile(byId("devices"), kinds, (kind) => kind.kind, (kind) => this._make(kind), (node, kind) => {
      const bad = kind.wrong.length > 0;
      attrs(part(node, "device"), { "data-wrong": bad });
      const sign = bad ? "triangle" : kind.well === kind.all.length ? "tick" : "dash";
      refill(part(node, "sign"), sign, () => [shape(sign)]);
      text(part(node, "name"), tCode(`floor.device.${kind.kind}`, "floor.device.other", { kind: kind.kind }));
      text(part(node, "well"), `${kind.well} / ${kind.all.length}`);
      text(part(node, "which"), kind.wrong.map((one) => one.name || one.id).slice(0, 2).join(t("listComma")));
    });
  }
}
