/** The tides of the day as a drawing: windows needed, open and planned, by the time of day. */

import { hourMinute } from "/static/clock.js";
import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Tides} Tides */
/** @typedef {{x: number, y: number}} Point */

const SVG = "http://www.w3.org/2000/svg";
const MINUTE_MS = 60000;
const PART_MS = 15 * MINUTE_MS;
const SLOT_MS = 30 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const MARGIN = { left: 40, right: 14, top: 30, bottom: 30 };
/** Least room between two hours that are written, pixels. */
const HOUR_APART = 62;

/** @param {string} name @param {Object<string, string|number>} attributes @param {string} [words] */
function svg(name, attributes, words) {
  const node = document.createElementNS(SVG, name);
  Object.keys(attributes).forEach((key) => node.setAttribute(key, String(attributes[key])));
  if (words !== undefined) node.textContent = words;
  return node;
}

/** A round number at or above `most`, in four or five steps. @param {number} most */
function scaleOf(most) {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((one) => one * 5 >= most) || Math.ceil(most / 5);
  return { step, top: Math.max(step, Math.ceil(most / step) * step) };
}

/** Where something that lasts changes: a line of steps. @param {Point[]} points @param {number} end */
function steps(points, end) {
  const path = points.map((point, at) => `${at === 0 ? "M" : `H${point.x.toFixed(1)} V`}${at === 0 ? `${point.x.toFixed(1)} ${point.y.toFixed(1)}` : point.y.toFixed(1)}`);
  return `${path.join(" ")} H${end.toFixed(1)}`;
}

/** @param {Point[]} points */
const line = (points) => points.map((point, at) => `${at === 0 ? "M" : "L"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join(" ");

/**
 * What is needed when, as far as it was or is reckoned.
 * @param {Tides} plan
 * @returns {{atMs: number, windows: number}[]}
 */
export function needsOf(plan) {
  const found = plan.past.map((part) => ({ atMs: part.from_ms + PART_MS / 2, windows: part.needed }));
  const minute = plan.minute_ms;
  if (minute !== null) {
    plan.needs.forEach((need) => found.push({ atMs: minute + need.lead_min * MINUTE_MS, windows: need.windows }));
  }
  const last = found.length ? found[found.length - 1].atMs : 0;
  plan.day.forEach((slot) => {
    if (slot.from_ms + SLOT_MS / 2 > last) found.push({ atMs: slot.from_ms + SLOT_MS / 2, windows: slot.windows });
  });
  return found.filter((need, at) => at === 0 || need.atMs > found[at - 1].atMs);
}

/**
 * @param {Tides} plan
 * @param {number} open windows open now
 * @param {number} nowMs
 * @param {string} timezone
 * @param {{width: number, height: number}} size pixels
 * @returns {Element|null} null: nothing was reckoned yet
 */
export function chart(plan, open, nowMs, timezone, size) {
  const needs = needsOf(plan);
  const ahead = plan.day.filter((slot) => slot.from_ms + SLOT_MS > nowMs);
  if (needs.length < 2 || size.width < 200) return null;
  const begins = Math.min(needs[0].atMs, plan.past.length ? plan.past[0].from_ms : nowMs, nowMs - SLOT_MS);
  const ends = Math.max(needs[needs.length - 1].atMs, ahead.length ? ahead[ahead.length - 1].from_ms + SLOT_MS : 0, nowMs + SLOT_MS);
  const most = [open].concat(needs.map((n) => n.windows), plan.past.map((p) => p.open), ahead.map((slot) => slot.planned));
  const { step, top } = scaleOf(Math.max.apply(null, most) * 1.05);
  const x = (/** @type {number} */ ms) => MARGIN.left + ((ms - begins) / (ends - begins)) * (size.width - MARGIN.left - MARGIN.right);
  const y = (/** @type {number} */ n) => size.height - MARGIN.bottom - (n / top) * (size.height - MARGIN.top - MARGIN.bottom);
  const now = x(nowMs);
  const last = needs.filter((need) => need.atMs <= nowMs + SLOT_MS).pop() || needs[0];
  const drawing = svg("svg", {
    role: "img",
    width: size.width,
    height: size.height,
    viewBox: `0 0 ${size.width} ${size.height}`,
    "aria-label": t("floor.chart.label", { open, needed: last.windows, time: hourMinute(last.atMs, timezone) }),
  });
  const add = (/** @type {Element} */ node) => drawing.appendChild(node);
  for (let n = 0; n <= top; n += step) {
    add(svg("line", { class: "grid", x1: MARGIN.left, x2: size.width - MARGIN.right, y1: y(n), y2: y(n) }));
    add(svg("text", { class: "axis", x: MARGIN.left - 8, y: y(n) + 5, "text-anchor": "end" }, String(n)));
  }
  const every = HOUR_MS * Math.max(1, Math.ceil(HOUR_APART / (x(begins + HOUR_MS) - x(begins))));
  for (let at = Math.ceil(begins / every) * every; at <= ends; at += every) {
    add(svg("text", { class: "axis", x: x(at), y: size.height - 8, "text-anchor": "middle" }, hourMinute(at, timezone)));
  }
  const opened = plan.past.map((part) => ({ x: x(part.from_ms), y: y(part.open) }));
  const planned = [{ x: now, y: y(open) }].concat(
    ahead.map((slot) => ({ x: Math.max(now, x(slot.from_ms)), y: y(slot.planned) })),
  );
  const until = ahead.length ? x(ahead[ahead.length - 1].from_ms + SLOT_MS) : x(nowMs + SLOT_MS);
  add(svg("path", { class: "planned-area", d: `${steps(planned, until)} V${y(0)} H${now} Z` }));
  add(svg("path", { class: "planned", d: steps(planned, until) }));
  const first = opened.length ? opened : [{ x: x(nowMs - SLOT_MS / 2), y: y(open) }];
  add(svg("path", { class: "open", d: `${steps(first, now)} V${y(open)}` }));
  add(svg("path", { class: "needed", d: line(needs.map((need) => ({ x: x(need.atMs), y: y(need.windows) }))) }));
  add(svg("line", { class: "now", x1: now, x2: now, y1: MARGIN.top - 6, y2: y(0) }));
  add(svg("circle", { class: "dot", cx: now, cy: y(open), r: 5.5 }));
  const anchor = now > size.width - 90 ? "end" : now < MARGIN.left + 60 ? "start" : "middle";
  add(svg("text", { class: "now-label", x: now, y: 17, "text-anchor": anchor }, t("floor.chart.now", { time: hourMinute(nowMs, timezone) })));
  label(add, first[0].x < now - 60 ? { x: first[0].x + 4, y: first[0].y - 9 } : null, "open-label", t("floor.chart.open"), "start");
  // Away from the moment, where lines and words are many.
  const later = ahead.filter((slot) => x(slot.from_ms) > now + 110);
  const high = later.reduce((/** @type {typeof ahead[0]|null} */ best, slot) => (!best || slot.planned > best.planned ? slot : best), null);
  label(add, high && { x: Math.min(x(high.from_ms), size.width - 80), y: y(high.planned) - 9 }, "open-label", t("floor.chart.planned"), "start");
  const low = needs.filter((need) => need.atMs > nowMs + SLOT_MS).reduce((/** @type {typeof needs[0]|null} */ best, need) => (!best || need.windows < best.windows ? need : best), null);
  const where = low || needs[0];
  label(add, { x: Math.max(MARGIN.left + 30, Math.min(x(where.atMs), size.width - 60)), y: Math.min(y(where.windows) + 22, y(0) - 6) }, "needed-label", t("floor.chart.needed"), "middle");
  return drawing;
}

/** @param {(node: Element) => void} add @param {Point|null} at @param {string} kind @param {string} words @param {string} anchor */
function label(add, at, kind, words, anchor) {
  if (at) add(svg("text", { class: kind, x: at.x, y: at.y, "text-anchor": anchor }, words));
}
