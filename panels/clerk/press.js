/**
 * The press whose answer is awaited, kept in this tab until it is there: a page that is loaded again
 * sends it once more with the same key, so that it is neither lost nor doubled.
 */

import { COMMAND_MAX_MS } from "/static/feed.js";

/** @typedef {import("/pages/clerk/acts.js").Act} Act */

/**
 * @typedef {Object} Press
 * @property {string} key idempotency key
 * @property {Act} act
 * @property {Object} command as it is sent
 * @property {Object<string, string>} words for the receipt
 * @property {number} atMs of this device's clock
 */

const KEPT = "callq.press:" + location.pathname;

/** @param {Press} press */
export function keepPress(press) {
  sessionStorage.setItem(KEPT, JSON.stringify(press));
}

export function forgetPress() {
  sessionStorage.removeItem(KEPT);
}

/** The press that an earlier life of this page did not see answered; null: none, or too old to count. @returns {Press|null} */
export function keptPress() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept === null) return null;
  /** @type {Press} */
  const press = JSON.parse(kept);
  if (Math.abs(Date.now() - press.atMs) < COMMAND_MAX_MS) return press;
  forgetPress();
  return null;
}
