/** What the receipt says of an act that was accepted or refused. */

import { named, refusal, t } from "/static/words.js";

/** @typedef {import("/static/wire.js").Answer} Answer */
/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {import("/pages/clerk/acts.js").Act} Act */

/**
 * @param {Act} act
 * @param {Answer} answer
 * @param {{number: string, reason: string, name: string}} context number: of the ticket that was there
 *   before; reason: of the pause; name: of the clerk
 * @returns {string}
 */
export function accepted(act, answer, context) {
  const { ticket, window } = answer;
  const number = ticket ? ticket.number : context.number;
  const { reason, name } = context;
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
    case "close":
      return later ? t("receipt.closeAfter", { number }) : t("receipt.close");
    case "keys":
      return "";
    default:
      return t(`receipt.${act}`, { number, name });
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
  if (act !== "miss" || problem.code !== "too_soon") return refusal(problem);
  const n = Math.max(1, panel && panel.current ? panel.current.calls_before_miss : 1);
  if (!problem.retry_ms) return t("receipt.missEarly", { n });
  return t("receipt.missEarlyWait", { n, seconds: Math.ceil(problem.retry_ms / 1000) });
}
