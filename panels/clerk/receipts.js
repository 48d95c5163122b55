/** What the receipt says of an act that was accepted or refused. */

import { named, refusal, t, tCode } from "/static/words.js";

/** @typedef {import("/static/wire.js").Answer} Answer */
/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {import("/pages/clerk/acts.js").Act} Act */

/**
 * @param {Act} act
 * @param {Answer} answer
 * @param {Object<string, string>} words what was known when it was pressed: `number` of the ticket that was
 *   there, `reason` of the pause, `name` of a clerk, `kind` of the hold, `to` where it went, `undone` act
 * @returns {string}
 */
export function accepted(act, answer, words) {
  const { ticket, window } = answer;
  const number = ticket ? ticket.number : words.number || "";
  const { reason = "", name = "", to = "" } = words;
  const later = window !== undefined && (window.state === "calling" || window.state === "serving");
  switch (act) {
    case "call_next":
      return ticket ? t("receipt.call_next", { number }) : nobody(answer);
    case "recall":
      return t("receipt.recall", { number, n: ticket ? ticket.calls : "" });
    case "pause":
      return later ? t("receipt.pauseAfter", { number }) : t("receipt.pause", { reason });
    case "unpause":
      return t(later ? "receipt.unpauseAfter" : "receipt.unpause");
    case "open":
      return t(later ? "receipt.openAfter" : "receipt.open");
    case "close":
      return later ? t("receipt.closeAfter", { number }) : t("receipt.close");
    case "hold":
      return t("receipt.hold", { number, kind: tCode(`panel.hold.${words.kind}`, "panel.act.hold") });
    case "returned":
      return t(ticket && ticket.state === "called" ? "receipt.returnedCalled" : "receipt.returned", { number });
    case "undo":
      return tCode(`receipt.undo.${words.undone}`, "receipt.undo.call", { number });
    case "keys":
      return "";
    default:
      return t(`receipt.${act}`, { number, name, to });
  }
}

/**
 * Why "next" called nobody: there is none, or a better clerk is free or soon will be.
 * @param {Answer} answer
 * @returns {string}
 */
function nobody(answer) {
  const [first] = answer.left_to || [];
  if (!first) return t("receipt.call_next.none");
  return t("receipt.call_next.left", { why: named(first.text, first.text_en) });
}

/**
 * Why an act was refused, and what to do now. Too soon to miss means too few calls: waiting does not help.
 * @param {Act} act
 * @param {Problem} problem
 * @param {Panel|null} panel
 * @returns {string}
 */
export function refused(act, problem, panel) {
  if (act !== "miss" || problem.code !== "too_soon") {
    const words = refusal(problem);
    return tCode(`refused.${act}.${problem.code}`, "panel.raw", { words });
  }
  const n = Math.max(1, panel && panel.current ? panel.current.calls_before_miss : 1);
  if (!problem.retry_ms) return t("receipt.missEarly", { n });
  return t("receipt.missEarlyWait", { n, seconds: Math.ceil(problem.retry_ms / 1000) });
}
