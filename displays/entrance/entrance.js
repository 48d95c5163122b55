/** The entrance screen: where each matter is done and how long that takes, and every window's state. */

import { attrs, byId, text } from "/static/dom.js";
import { pathParts } from "/static/token.js";
import { t } from "/static/words.js";
import { renderPlace, renderTime } from "/pages/tv/header.js";
import { renderLook } from "/pages/tv/look.js";
import { Notices } from "/pages/tv/notices.js";
import { Screen } from "/pages/tv/screen.js";
import { setFit } from "/pages/tv/size.js";
import { linesNow, stoppedLines, suspendedWords } from "/pages/tv/suspended.js";
import { renderServices } from "/pages/entrance/services.js";
import { renderWindows } from "/pages/entrance/windows.js";

/** @typedef {import("/static/wire.js").Entrance} Entrance */

const [hall] = pathParts();
const notices = new Notices();
/** @type {Screen<Entrance>} */
const screen = new Screen(hall, { view: "entrance" }, render);

/** What stands over the whole page; null: the page itself. @returns {string[]|null} */
function message() {
  const { data } = screen;
  if (screen.status.phase === "refused") return [t("tv.refused"), screen.refusal];
  if (!data) return [t("tv.connecting"), t("tv.connectingHint")];
  return data.suspended && [t("tv.suspended"), suspendedWords(data.suspended, data.place.timezone)];
}

function render() {
  const { data } = screen;
  const over = message();
  attrs(byId("page"), { "data-suspended": data !== null && data.suspended !== null && screen.status.phase !== "refused" });
  attrs(byId("main"), { "data-message": over !== null });
  if (over) {
    text(byId("message-title"), over[0]);
    text(byId("message-text"), over[1]);
    setFit(byId("message-title"), over[0], [8, 12]);
  }
  if (data) {
    const now = screen.clock.now();
    renderLook(data.screen);
    renderTime(now, data.place.timezone);
    renderPlace(data.place, t("entrance.title"));
    renderServices(data.services, now, data.place.timezone);
    renderWindows(data.zones, now);
  }
  notices.render(data ? linesNow(data, screen.clock.now(), stoppedLines(data.services)) : [], screen.trouble);
  return data ? data.place.timezone : undefined;
}

screen.open();
