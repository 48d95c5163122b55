/** A device: what is wrong with it, the orders that it takes, and the way to the others of its kind. */

import { hourMinute } from "/static/clock.js";
import { attrs, el, shape } from "/static/dom.js";
import { t, tCode } from "/static/words.js";
import { deviceWords, isWrong, nameOf } from "/pages/floor/devices.js";
import { Buttons, renderFacts, rowOf, section } from "/pages/floor/form.js";
import { reconcile, refill } from "/pages/floor/list.js";

/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */

const ORDERS = ["test", "resend", "restart"];

/** What became of the last order. @param {import("/static/wire.js").Device} device @param {string} timezone */
function orderWords(device, timezone) {
  const { order } = device;
  if (!order) return t("floor.none");
  const time = order.ended_ms === null ? "" : hourMinute(order.ended_ms, timezone);
  return t(`floor.device.order.${order.state}`, { order: tCode(`floor.order.${order.order}`, "floor.none"), time, error: order.error });
}

/** @implements {Content} */
export class DeviceSheet {
  /** @param {string} id @param {Context} context */
  constructor(id, context) {
    this._id = id;
    this._context = context;
    this.key = `device/${id}`;
    this.head = el("h2", { class: "sheet-title" });
    this._facts = el("dl", { class: "facts" });
    this._buttons = new Buttons(context);
    this.body = el("div", { class: "sheet-body" }, this._facts);
    if (context.may("command_hall")) {
      const buttons = ORDERS.map((order) => this._buttons.make(`order-${order}`, tCode(`floor.order.${order}`, "floor.none"), () => this._order(order)));
      this.body.append(section(t("floor.device.orders"), rowOf(...buttons)));
    }
    this._others = el("p", { class: "chips" });
    this._kin = section(t("floor.device.kin"), this._others);
    this.body.append(this._kin);
  }

  update() {
    const floor = this._context.floor();
    const device = (floor.devices || []).find((one) => one.id === this._id);
    if (!device) return false;
    const zone = floor.place.timezone;
    const words = deviceWords(device, zone);
    const name = device.name || device.id;
    const kind = tCode(`floor.device.${device.kind}`, "floor.device.other", { kind: device.kind });
    refill(this.head, JSON.stringify([name, kind]), () => [el("span", { class: "sheet-state" }, `${kind}　${name}`)]);
    renderFacts(this._facts, [
      [t("floor.device.state"), isWrong(device) ? words.title : tCode(`floor.device.is.${device.state}`, "floor.device.is.unknown")],
      [t("floor.device.place"), device.place || t("floor.none")],
      [t("floor.device.last"), device.last_seen_ms === null ? t("floor.device.never") : hourMinute(device.last_seen_ms, zone)],
      [t("floor.device.order"), orderWords(device, zone)],
      [t("floor.device.version"), device.version || t("floor.none")],
    ]);
    this._renderKin((floor.devices || []).filter((one) => one.kind === device.kind && one.id !== this._id));
    this._buttons.update();
    return true;
  }

  /** @param {import("/static/wire.js").Device[]} others of the same kind */
  _renderKin(others) {
    attrs(this._kin, { hidden: others.length === 0 });
    const make = (/** @type {import("/static/wire.js").Device} */ one) => {
      const chip = el("button", { type: "button", class: "chip", "data-device": one.id });
      chip.addEventListener("click", () => this._context.show("device", one.id));
      return chip;
    };
    reconcile(this._others, others, (one) => one.id, make, (chip, one) => {
      const bad = isWrong(one);
      refill(chip, `${bad} ${nameOf(one)}`, () => (bad ? [shape("triangle"), nameOf(one)] : [nameOf(one)]));
    });
  }

  /** @param {string} order */
  _order(order) {
    this._context.presses.run({
      name: tCode(`floor.order.${order}`, "floor.none"),
      commands: [{ command: "order_device", device: this._id, order }],
      done: t("floor.done.order"),
    });
  }
}
