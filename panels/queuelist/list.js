/** The list of the queue: asked anew every minute, and what came last stays when nobody answers: it can be printed then. */

import { attrs, byId, fill, text } from "/static/dom.js";
import { pathParts, takeToken } from "/static/token.js";
import { lang, t, tCode, translatePage } from "/static/words.js";

const EVERY_MS = 60000;
const AGAIN_MS = 5000;

const [hall] = pathParts();
const token = takeToken();
/** When the last one came, by the device's clock; 0: none has. */
let cameMs = 0;

/** @param {"live"|"lost"|"refused"} phase @param {string} words */
function say(phase, words) {
  attrs(byId("bar"), { "data-phase": phase });
  text(byId("says"), words);
}

/** @param {string} html what the server made: a whole document, with styles that this page has already */
function show(html) {
  const made = new DOMParser().parseFromString(html.replace(/<style>[^]*?<\/style>/, ""), "text/html");
  const main = made.querySelector("main");
  if (!main) throw new Error("no list in the answer");
  document.title = made.title;
  fill(byId("sheet"), [document.importNode(main, true)]);
}

/** @returns {Promise<boolean>} whether to ask again */
async function ask() {
  try {
    const response = await fetch(`/v1/halls/${encodeURIComponent(hall)}/queue.html?lang=${lang}`, { headers: { Authorization: `Bearer ${token}` } });
    if (response.status === 401 || response.status === 403 || response.status === 404) {
      say("refused", tCode({ 401: "desk.refused.unauthorised", 403: "desk.refused.forbidden", 404: "desk.refused.unknown_hall" }[response.status] || "", "desk.refused.unknown"));
      return false;
    }
    if (!response.ok) throw new Error(String(response.status));
    show(await response.text());
    cameMs = Date.now();
    say("live", t("desk.list.live"));
  } catch (error) {
    say("lost", cameMs ? t("desk.list.old", { n: Math.max(1, Math.round((Date.now() - cameMs) / 60000)) }) : t("desk.list.lost"));
  }
  return true;
}

async function keep() {
  const again = await ask();
  if (again) window.setTimeout(keep, byId("bar").getAttribute("data-phase") === "live" ? EVERY_MS : AGAIN_MS);
}

translatePage();
byId("print").addEventListener("click", () => window.print());
if (token === null) say("refused", t("desk.refused.none"));
else keep();
