/** The ticket at the window, or who would be next, or what stands in the way. */

import { duration, hourMinute, minutes } from "/static/clock.js";
import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { named, t, tCode } from "/static/words.js";
import { laneCount, leftSentence, waitWords, whySentence } from "/pages/clerk/why.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").PanelTicket} PanelTicket */
/** @typedef {import("/pages/clerk/acts.js").Situation} Situation */

/** History lines that fit beside the number. */
const STEPS = 4;

/** @type {Object<Situation, import("/static/dom.js").Shape>} */
const SHAPES = { unstaffed: "dash", closed: "dash", idle: "ring", calling: "tag", serving: "disc", paused: "bars" };

/**
 * @param {Situation} situation
 * @param {Panel} panel
 * @returns {string}
 */
function stateWord(situation, panel) {
  const reason = panel.window.pause_reason;
  return situation === "paused" && reason ? t("panel.state.pausedFor", { reason }) : t(`panel.state.${situation}`);
}

/**
 * @param {Situation} situation
 * @param {Panel} panel
 * @param {number} nowMs
 * @returns {string[]}
 */
function sinceWords(situation, panel, nowMs) {
  const { window, current, today } = panel;
  const time = duration(nowMs - (window.since_ms === null ? nowMs : window.since_ms));
  const words = [];
  if (panel.suspended) words.push(t("panel.since.suspended"));
  if (panel.help) words.push(t("panel.since.help", { time: hourMinute(panel.help.since_ms, panel.hall.timezone) }));
  if (window.pause_after) words.push(t("panel.since.pauseAfter"));
  if (window.draining) words.push(t("panel.since.draining"));
  if (situation === "calling" && current) {
    words.push(t("panel.since.calls", { n: current.ticket.calls }), t("panel.since.calling", { time }));
  } else if (situation === "serving") {
    words.push(t("panel.since.serving", { time }));
    if (today && today.mean_s !== null) words.push(t("panel.since.mean", { time: duration(today.mean_s * 1000) }));
  } else if (situation === "idle") {
    words.push(t("panel.since.idle", { time }));
  } else if (situation === "paused") {
    words.push(t("panel.since.paused", { time }));
  }
  return words;
}

/**
 * The bar over the ticket: shape, word, since when.
 * @param {import("/static/dom.js").Shape} drawn
 * @param {string} word
 * @param {string[]} since
 */
function setState(drawn, word, since) {
  const holder = byId("state-shape");
  if (holder.getAttribute("data-shape") !== drawn) {
    attrs(holder, { "data-shape": drawn });
    fill(holder, [shape(drawn)]);
  }
  text(byId("state-word"), word);
  text(byId("state-since"), since.join("　"));
}

/** @param {Situation} situation @param {Panel} panel @param {number} nowMs */
export function renderState(situation, panel, nowMs) {
  setState(SHAPES[situation], stateWord(situation, panel), sinceWords(situation, panel, nowMs));
}

/** @param {string} word @param {string} since */
export function renderTrouble(word, since) {
  setState("triangle", word, since ? [since] : []);
}

/** @param {string} label @param {string} value */
const fact = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));

/** @param {number} n */
const people = (n) => t(n === 1 ? "panel.people.one" : "panel.people", { n });

/** @param {import("/static/wire.js").Ticket} ticket */
function came(ticket) {
  const words = ticket.returned ? [el("li", { class: "chip" }, tCode(`panel.returned.${ticket.returned}`, "panel.returned.other"))] : [];
  if (ticket.visit) {
    const { current, steps } = ticket.visit;
    words.push(el("li", { class: "chip" }, t("panel.visit", { n: current + 1, of: steps.length })));
  }
  return words;
}

/** What the desk did for it: a helper who comes along, papers that were looked at. @param {PanelTicket} one */
function desk(one) {
  const { companion, precheck } = one;
  const found = [];
  if (companion) found.push(el("li", { class: "chip chip-filled chip-along" }, t("desk.panel.along", { who: companion.helper || t("desk.helper") })));
  if (precheck) {
    const lacks = precheck.missing.length > 0;
    found.push(el("li", { class: `chip chip-checked${lacks ? " chip-filled" : ""}` }, lacks ? t("desk.panel.lacks", { what: precheck.missing.join(t("comma")) }) : t("desk.panel.checked")));
  }
  return found;
}

/** @param {PanelTicket} one */
function chips(one) {
  const { ticket } = one;
  const traits = ticket.traits.map((trait) =>
    el("li", { class: "chip chip-filled" }, tCode(`panel.trait.${trait}`, "panel.trait.other")),
  );
  return el(
    "ul",
    { class: "chips" },
    el("li", { class: `chip chip-${ticket.class}` }, t(`panel.class.${ticket.class}`)),
    ...desk(one),
    ...traits,
    el("li", { class: "chip" }, ticket.cases > 1 ? t("panel.cases", { people: people(ticket.party), n: ticket.cases }) : people(ticket.party)),
    ...came(ticket),
  );
}

/** @param {import("/static/wire.js").Step} step @param {Panel} panel */
function stepWords(step, panel) {
  const id = step.window || "";
  const window = id === panel.window.id ? panel.window.label : id;
  const channel = tCode(`panel.channel.${step.channel}`, "panel.channel.other");
  return t(`panel.step.${step.what}`, { window, channel });
}

/** @param {PanelTicket} one @param {Panel} panel */
function history(one, panel) {
  const steps = one.history.slice(-STEPS).map((step) => {
    const time = el("span", { class: "when" }, hourMinute(step.at_ms, panel.hall.timezone));
    return el("li", {}, time, stepWords(step, panel));
  });
  return [el("h3", {}, t("panel.history")), el("ol", { class: "history" }, ...steps)];
}

/** Seconds the next one has waited by now; the data's own figure is as old as the last change. */
function waitedNow(/** @type {PanelTicket} */ one, /** @type {Panel} */ panel, /** @type {number} */ nowMs) {
  const lane = panel.queues.find((queue) => queue.head === one.ticket.number);
  const since = lane && lane.head_since_ms !== null ? lane.head_since_ms : one.ticket.issued_ms;
  return Math.max(0, (nowMs - since) / 1000);
}

/**
 * @param {PanelTicket} one
 * @param {Panel} panel
 * @param {number} nowMs
 * @returns {Node[]}
 */
function ticketBody(one, panel, nowMs) {
  const present = panel.current !== null;
  const waitedS = present ? one.waited_s : waitedNow(one, panel, nowMs);
  const inLane = laneCount(one);
  const channel = tCode(`panel.channel.${one.ticket.channel}`, "panel.channel.other");
  const third = present || inLane === null
    ? fact(t("panel.channel"), channel)
    : fact(t("panel.laneCount"), people(inLane));
  const care = one.ticket.traits.map((trait) => tCode(`panel.traitDo.${trait}`, "panel.traitDo.other"));
  const who = el(
    "div",
    { class: "who" },
    ...(present ? [] : [el("p", { class: "eyebrow" }, t("panel.next"))]),
    el("p", { class: "number", "data-len": Math.max(4, Math.min(8, one.ticket.number.length)) }, one.ticket.number),
    el("p", { class: "service" }, named(one.service_name, one.service_name_en)),
    ...(one.item_name ? [el("p", { class: "item" }, named(one.item_name, one.item_name_en))] : []),
    chips(one),
    ...care.slice(0, 1).map((words) => el("p", { class: "care" }, words)),
  );
  const facts = el(
    "dl",
    { class: "facts" },
    fact(t("panel.waited"), waitWords(waitedS)),
    fact(t("panel.target"), t("minutes", { n: minutes(one.target_s) })),
    third,
  );
  const sentence = el("p", { class: "sentence" }, whySentence(one));
  const why = [el("h3", {}, t(present ? "panel.whyCalled" : "panel.whyNext")), sentence];
  const left = panel.left_to.slice(0, 1).map((row) => el("p", { class: "sentence left" }, leftSentence(row, nowMs)));
  const rest = present ? history(one, panel) : [...left, el("p", { class: "sentence" }, t("panel.why.mayChange"))];
  return [who, el("div", { class: "detail" }, facts, ...why, ...rest)];
}

/** @param {string} title @param {string} words @returns {Node[]} */
function messageBody(title, words) {
  return [el("div", { class: "message" }, el("p", { class: "message-title" }, title), el("p", {}, words))];
}

/** @type {Object<string, import("/static/words.js").Key>} */
const EMPTY_HINTS = { closed: "panel.closedHint", paused: "panel.pausedHint" };

/**
 * What fills the card, and a key that changes whenever it says something else.
 * @param {Situation} situation not `unstaffed`
 * @param {Panel} panel
 * @param {number} nowMs
 * @returns {{key: string, make: () => Node[]}}
 */
export function cardBody(situation, panel, nowMs) {
  const one = panel.current || panel.next;
  if (!one && panel.left_to.length && situation === "idle") {
    const words = panel.left_to.map((row) => leftSentence(row, nowMs)).join(" ");
    return { key: `left ${words}`, make: () => messageBody(t("panel.left"), words) };
  }
  if (!one) {
    const hint = t(EMPTY_HINTS[situation] || "panel.emptyHint");
    return { key: `empty ${situation}`, make: () => messageBody(t("panel.empty"), hint) };
  }
  const waited = panel.current ? one.waited_s : minutes(waitedNow(one, panel, nowMs));
  const left = panel.left_to.map((row) => leftSentence(row, nowMs));
  return { key: JSON.stringify([situation, waited, left, one]), make: () => ticketBody(one, panel, nowMs) };
}

/** @param {string} title @param {string} words @returns {{key: string, make: () => Node[]}} */
export function cardMessage(title, words) {
  return { key: `message ${title} ${words}`, make: () => messageBody(title, words) };
}
