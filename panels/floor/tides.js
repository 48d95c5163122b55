/** 潮汐: the drawing of the day, and what is proposed, in one sentence, with its effect and its cost. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, text } from "/static/dom.js";
import { named, t } from "/static/words.js";
import { chart } from "/pages/floor/chart.js";
import { refill } from "/pages/floor/list.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").Plan} Plan */

/** How often the drawing moves on by itself. */
const REDRAW_MS = 30000;
const REASONS = 2;

/** @param {string[]} ids @param {Floor} floor */
export const labelsOf = (ids, floor) =>
  ids.map((id) => (floor.windows.find((one) => one.id === id) || { label: id }).label).join(t("listComma"));

/** What a plan does, in one sentence. @param {Plan} plan @param {Floor} floor @returns {string} */
export function planWords(plan, floor) {
  const parts = [];
  if (plan.open.length) parts.push(t("floor.plan.open", { labels: labelsOf(plan.open, floor) }));
  if (plan.stay.length) parts.push(t("floor.plan.stay", { labels: labelsOf(plan.stay, floor) }));
  if (plan.close.length) parts.push(t("floor.plan.close", { labels: labelsOf(plan.close, floor) }));
  if (plan.drain.length) parts.push(t("floor.plan.drain", { labels: labelsOf(plan.drain, floor) }));
  if (plan.leave > 0) parts.push(t("floor.plan.leave", { n: plan.leave }));
  if (plan.leave < 0) parts.push(t("floor.plan.leaveFewer", { n: -plan.leave }));
  if (plan.skills.length) parts.push(t("floor.plan.skills", { labels: labelsOf(plan.skills.map((one) => one.window), floor) }));
  return parts.join(t("comma"));
}

/** @param {number|null} n */
const figure = (n) => (n === null ? t("floor.unknown") : String(Math.round(n * 10) / 10));

/** @param {string} label @param {string} value */
const fact = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));

/** @param {Plan} plan @param {Floor} floor */
function effectNode(plan, floor) {
  const { effect } = plan;
  const services = effect.services.map((code) => floor.services.find((one) => one.code === code));
  const name = services.length === 1 && services[0] ? named(services[0].name, services[0].name_en) : "";
  const wait = effect.wait_before_min === null && effect.wait_after_min === null;
  return el(
    "dl",
    { class: "effect" },
    ...(wait ? [] : [fact(name ? t("floor.effect.waitOf", { name }) : t("floor.effect.wait"), t("floor.effect.minutes", { before: figure(effect.wait_before_min), after: figure(effect.wait_after_min) }))]),
    fact(t("floor.effect.short"), t("floor.effect.people", { before: figure(effect.short_before), after: figure(effect.short_after) })),
    fact(t(plan.cost_h < 0 ? "floor.effect.saves" : "floor.effect.cost"), figure(Math.abs(plan.cost_h))),
  );
}

export class Tides {
  /** @param {{accept: (plan: Plan) => void, decline: (from: HTMLElement) => void, adjust: (from: HTMLElement) => void}} acts */
  constructor(acts) {
    this._acts = acts;
    this._drawn = "";
  }

  /** @param {Floor} floor @param {number} nowMs @param {boolean} acting @param {boolean} ready */
  render(floor, nowMs, acting, ready) {
    const { plan } = floor;
    const mode = t(`floor.mode.${plan.mode}`);
    text(byId("tides-mode"), [t("floor.tides.hint"), plan.by_hand ? t("floor.tides.byHand", { mode }) : mode].join("　"));
    this._draw(floor, nowMs);
    this._propose(floor, nowMs, acting);
    byId("proposal").querySelectorAll("button").forEach((button) => attrs(button, { "aria-disabled": ready ? null : "true" }));
  }

  /** @param {Floor} floor @param {number} nowMs */
  _draw(floor, nowMs) {
    const holder = byId("chart");
    const size = { width: holder.clientWidth, height: holder.clientHeight };
    const open = floor.windows.filter((one) => one.open).length;
    const key = JSON.stringify([floor.plan.past, floor.plan.needs, floor.plan.day, floor.plan.minute_ms, open, size, Math.floor(nowMs / REDRAW_MS)]);
    if (key === this._drawn) return;
    this._drawn = key;
    const drawing = floor.plan.mode === "off" ? null : chart(floor.plan, open, nowMs, floor.place.timezone, size);
    while (holder.firstChild) holder.removeChild(holder.firstChild);
    holder.appendChild(drawing || el("p", { class: "none" }, t(floor.plan.mode === "off" ? "floor.tides.off" : "floor.tides.none")));
  }

  /** @param {Floor} floor @param {number} nowMs @param {boolean} acting */
  _propose(floor, nowMs, acting) {
    const { plan } = floor;
    const asked = plan.proposal && (plan.proposal.until_ms === null || plan.proposal.until_ms > nowMs) ? plan.proposal : null;
    const node = byId("proposal");
    const held = document.activeElement;
    const kind = held && node.contains(held) ? held.className : "";
    attrs(node, { "data-plan": asked ? asked.id : null });
    refill(node, JSON.stringify([asked, plan.in_force, plan.mode, acting]), () => (asked ? this._asked(asked, floor, acting) : this._quiet(floor, acting)));
    // A proposal that is made anew has other buttons; whoever was about to press one still is.
    if (kind && held && !held.isConnected) Array.from(node.querySelectorAll("button")).filter((one) => one.className === kind).forEach((one) => one.focus());
  }

  /** @param {Plan} plan @param {Floor} floor @param {boolean} acting @returns {Node[]} */
  _asked(plan, floor, acting) {
    const until = plan.until_ms === null ? "" : t("floor.plan.until", { time: hourMinute(plan.until_ms, floor.place.timezone) });
    const reasons = plan.reasons.slice(0, REASONS).map((one) => el("p", { class: "reason" }, named(one.text, one.text_en) + t("fullStop")));
    return [
      el("h3", {}, t("floor.plan.proposed", { what: planWords(plan, floor) })),
      ...reasons,
      effectNode(plan, floor),
      ...(acting ? [this._buttons(plan)] : []),
      el("p", { class: "until" }, until),
    ];
  }

  /** @param {Floor} floor @param {boolean} acting @returns {Node[]} */
  _quiet(floor, acting) {
    const { plan } = floor;
    const done = plan.in_force;
    const words = plan.mode === "off" ? t("floor.plan.off") : t("floor.plan.none");
    /** @type {Node[]} */
    const nodes = [el("h3", {}, words)];
    if (done && plan.mode !== "off") {
      const time = hourMinute(done.made_ms, floor.place.timezone);
      nodes.push(el("p", { class: "reason" }, t(done.by ? "floor.plan.accepted" : "floor.plan.automatic", { time, what: planWords(done, floor) })));
      nodes.push(...done.reasons.slice(0, 1).map((one) => el("p", { class: "reason" }, named(one.text, one.text_en) + t("fullStop"))));
    }
    if (acting) nodes.push(el("p", { class: "buttons" }, this._button("floor.do.adjust", "adjust", (from) => this._acts.adjust(from))));
    return nodes;
  }

  /** @param {Plan} plan */
  _buttons(plan) {
    return el(
      "p",
      { class: "buttons" },
      this._button("floor.do.accept", "accept filled", () => this._acts.accept(plan)),
      this._button("floor.do.adjust", "adjust", (from) => this._acts.adjust(from)),
      this._button("floor.do.decline", "decline", (from) => this._acts.decline(from)),
    );
  }

  /** @param {import("/static/words.js").Key} name @param {string} kind @param {(from: HTMLElement) => void} press */
  _button(name, kind, press) {
    const button = el("button", { type: "button", class: `act ${kind}` }, t(name));
    button.addEventListener("click", () => press(button));
    return button;
  }
}
