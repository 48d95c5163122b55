/**
 * What can be done in which state of the window: one table. The server decides; this table says what
 * to offer and, where something is not offered, why.
 */

import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {"unstaffed"|"closed"|"idle"|"calling"|"serving"|"paused"} Situation */
/** @typedef {"sign_in"|"open"|"call_next"|"start"|"complete"|"unpause"} Dominant */
/** @typedef {"recall"|"miss"|"hold"|"transfer"|"request_rating"|"call_ticket"|"abandon"|"pause"|"help"|"keys"} Secondary */
/** @typedef {"close"|"sign_out"|"hand_over"|"take_over"|"resume"|"returned"|"undo"|"help_done"|"join"|"leave"} Chosen */
/** @typedef {Dominant|Secondary|Chosen} Act */

/**
 * @typedef {Object} Offer
 * @property {boolean} enabled
 * @property {string} note beside the name: when, or why not
 * @property {boolean} [ask] not offered, but a press counts all the same: only the server's clock can tell, or it asks
 */

/** @type {Object<Situation, Dominant>} */
export const DOMINANT = {
  unstaffed: "sign_in",
  closed: "open",
  idle: "call_next",
  calling: "start",
  serving: "complete",
  paused: "unpause",
};

/** Their order on the page; they never move. @type {Secondary[]} */
export const SECONDARY = [
  "recall",
  "miss",
  "hold",
  "transfer",
  "request_rating",
  "call_ticket",
  "abandon",
  "pause",
  "help",
  "keys",
];

/** @param {Panel} panel @returns {Situation} */
export function situationOf(panel) {
  return panel.window.clerk === null ? "unstaffed" : panel.window.state;
}

/**
 * Held tickets whose citizen may be back, whatever the window does.
 * @param {Panel} panel
 */
export const mayReturn = (panel) => panel.held.filter((one) => one.kind !== "waiting");

const YES = { enabled: true, note: "" };
/** @param {string} note @returns {Offer} */
export const yes = (note) => ({ enabled: true, note });
/** @param {string} note @returns {Offer} */
export const no = (note) => ({ enabled: false, note });

/** @param {Panel} panel @param {number} nowMs @returns {Offer} */
function recall(panel, nowMs) {
  if (!panel.current) return no(t("panel.why.callFirst"));
  const from = panel.current.may_recall_ms;
  if (from === null) return { enabled: false, ask: true, note: t("panel.why.maxCalls", { n: panel.rules.max_calls }) };
  if (nowMs < from) {
    return { enabled: false, ask: true, note: t("panel.why.inSeconds", { n: Math.ceil((from - nowMs) / 1000) }) };
  }
  return YES;
}

/** @param {Panel} panel @returns {Offer} */
function miss(panel) {
  if (!panel.current || panel.current.calls_before_miss === 0) return YES;
  return { enabled: false, ask: true, note: t("panel.why.minCalls", { n: panel.rules.min_calls_before_miss }) };
}

/** @param {Panel} panel @returns {Offer} */
function rating(panel) {
  if (panel.rating) return yes(t("panel.why.asked"));
  return panel.last && panel.last.completed_here ? YES : no(t("panel.why.afterDone"));
}

/** @param {import("/static/words.js").Key} otherwise @returns {(panel: Panel) => Offer} */
const returnOr = (otherwise) => (panel) => (mayReturn(panel).length ? yes(t("panel.why.return")) : no(t(otherwise)));

const callFirst = () => no(t("panel.why.callFirst"));
const started = () => no(t("panel.why.started"));
const signInFirst = () => no(t("panel.why.signInFirst"));
const always = () => YES;
const afterDone = () => no(t("panel.why.afterDone"));
const leaving = () => yes(t("panel.why.leaving"));
const afterTicket = (/** @type {Panel} */ panel) =>
  yes(t(panel.window.pause_after || panel.window.draining ? "panel.why.arranged" : "panel.why.afterTicket"));
const help = (/** @type {Panel} */ panel) => (panel.help ? yes(t("panel.why.helpAsked")) : YES);

/** @type {Object<Exclude<Secondary, "keys">, Object<Situation, (panel: Panel, nowMs: number) => Offer>>} */
const OFFERS = {
  recall: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: recall, serving: started, paused: callFirst },
  miss: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: miss, serving: started, paused: callFirst },
  hold: {
    unstaffed: callFirst,
    closed: callFirst,
    idle: callFirst,
    // Asked all the same: on a keypad, abandoning is one of its answers.
    calling: () => ({ enabled: false, ask: true, note: t("panel.why.startFirst") }),
    serving: always,
    paused: callFirst,
  },
  transfer: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: always, serving: always, paused: callFirst },
  request_rating: {
    unstaffed: signInFirst,
    closed: rating,
    idle: rating,
    calling: afterDone,
    serving: afterDone,
    paused: rating,
  },
  call_ticket: {
    unstaffed: signInFirst,
    closed: returnOr("panel.why.openFirst"),
    idle: always,
    calling: returnOr("panel.why.busy"),
    serving: returnOr("panel.why.busy"),
    paused: returnOr("panel.why.unpauseFirst"),
  },
  abandon: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: always, serving: always, paused: callFirst },
  pause: { unstaffed: signInFirst, closed: leaving, idle: leaving, calling: afterTicket, serving: afterTicket, paused: leaving },
  help: { unstaffed: signInFirst, closed: help, idle: help, calling: help, serving: help, paused: help },
};

/**
 * @param {Secondary} act
 * @param {Panel|null} panel
 * @param {boolean} live
 * @param {number} nowMs server time
 * @returns {Offer}
 */
export function offerOf(act, panel, live, nowMs) {
  if (act === "keys") return YES;
  if (!panel || !live) return no(t("panel.why.lost"));
  return OFFERS[act][situationOf(panel)](panel, nowMs);
}
