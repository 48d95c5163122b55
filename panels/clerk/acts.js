/**
 * What can be done in which state of the window: one table. The server decides; this table says what
 * to offer and, where something is not offered, why.
 */

import { t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {"unstaffed"|"closed"|"idle"|"calling"|"serving"|"paused"} Situation */
/** @typedef {"sign_in"|"open"|"call_next"|"start"|"complete"|"unpause"} Dominant */
/** @typedef {"recall"|"miss"|"pause"|"close"|"sign_out"|"keys"} Secondary */
/** @typedef {Dominant|Secondary} Act */

/**
 * @typedef {Object} Offer
 * @property {boolean} enabled
 * @property {string} note beside the name: when, or why not
 * @property {boolean} [ask] not offered, but only the server's clock can tell: a press is sent all the same
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
export const SECONDARY = ["recall", "miss", "pause", "close", "sign_out", "keys"];

/** @param {Panel} panel @returns {Situation} */
export function situationOf(panel) {
  return panel.window.clerk === null ? "unstaffed" : panel.window.state;
}

const YES = { enabled: true, note: "" };
/** @param {string} note @returns {Offer} */
const yes = (note) => ({ enabled: true, note });
/** @param {string} note @returns {Offer} */
const no = (note) => ({ enabled: false, note });

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
function pauseWhileBusy(panel) {
  if (panel.window.draining) return no(t("panel.why.draining"));
  return yes(t(panel.window.pause_after ? "panel.why.cancelPause" : "panel.why.afterTicket"));
}

/** @param {Panel} panel @returns {Offer} */
function closeWhileBusy(panel) {
  return panel.window.draining ? no(t("panel.why.draining")) : yes(t("panel.why.afterTicket"));
}

const callFirst = () => no(t("panel.why.callFirst"));
const started = () => no(t("panel.why.started"));
const signInFirst = () => no(t("panel.why.signInFirst"));
const busy = () => no(t("panel.why.busy"));
const always = () => YES;

/** @type {Object<Exclude<Secondary, "keys">, Object<Situation, (panel: Panel, nowMs: number) => Offer>>} */
const OFFERS = {
  recall: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: recall, serving: started, paused: callFirst },
  miss: { unstaffed: callFirst, closed: callFirst, idle: callFirst, calling: miss, serving: started, paused: callFirst },
  pause: {
    unstaffed: signInFirst,
    closed: () => no(t("panel.why.openFirst")),
    idle: always,
    calling: pauseWhileBusy,
    serving: pauseWhileBusy,
    paused: () => no(t("panel.why.paused")),
  },
  close: {
    unstaffed: signInFirst,
    closed: () => no(t("panel.why.closed")),
    idle: always,
    calling: closeWhileBusy,
    serving: closeWhileBusy,
    paused: always,
  },
  sign_out: { unstaffed: signInFirst, closed: always, idle: always, calling: busy, serving: busy, paused: always },
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
