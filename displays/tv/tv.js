/** The zone screen: puts the board's data in its places, and says so when it is old. */

import { attrs, byId } from "/static/dom.js";
import { pathParts } from "/static/token.js";
import { t } from "/static/words.js";
import { CallQueue } from "/pages/tv/calls.js";
import { renderPlace, renderTime } from "/pages/tv/header.js";
import { Hero } from "/pages/tv/hero.js";
import { renderMissed, renderRecent, renderWaiting } from "/pages/tv/lists.js";
import { renderBlocks, renderLook } from "/pages/tv/look.js";
import { Media } from "/pages/tv/media.js";
import { Notices } from "/pages/tv/notices.js";
import { Screen } from "/pages/tv/screen.js";
import { SoundLine } from "/pages/tv/sound.js";
import { linesNow, stoppedLines, suspendedWords } from "/pages/tv/suspended.js";
import { whereOf } from "/pages/tv/where.js";

/** @typedef {import("/static/wire.js").Board} Board */
/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

const [hall, zone] = pathParts();
const hero = new Hero();
const notices = new Notices();
const media = new Media();
/** @type {Screen<Board>} */
const screen = new Screen(hall, zone === "all" ? { view: "board" } : { view: "board", zone }, render);
const queue = new CallQueue((call, fresh) => {
  if (call && fresh && screen.live) hero.announce();
  screen.render();
});

/** @type {SoundLine|null} */
let sound = null;

/** @param {BoardCall} call */
const where = (call) => (screen.data ? whereOf(call, screen.data) : "");

/** @param {Board|null} board */
function renderHero(board) {
  const call = queue.shown;
  const suspended = board && board.suspended ? board.suspended : null;
  if (screen.status.phase === "refused") {
    hero.renderMessage(t("tv.refused"), screen.refusal);
  } else if (!board) {
    hero.renderMessage(t("tv.connecting"), t("tv.connectingHint"));
  } else if (suspended) {
    hero.renderMessage(t("tv.suspended"), suspendedWords(suspended, board.place.timezone), true);
  } else if (!call) {
    hero.renderMessage(t("tv.none"), t("tv.noneHint"));
  } else {
    hero.renderCall(call, { live: screen.live, timezone: board.place.timezone, where: where(call) });
  }
  attrs(byId("page"), { "data-suspended": Boolean(suspended) && screen.status.phase !== "refused" });
}

function render() {
  const board = screen.data;
  renderHero(board);
  if (board) {
    const now = screen.clock.now();
    renderTime(now, board.place.timezone);
    renderPlace(board.place);
    renderLook(board.screen);
    renderBlocks(board.screen);
    renderRecent(queue.recent, where, queue.shown !== null, (call) => screen.live && !board.suspended && queue.isFresh(call), board.screen.recent);
    media.render(board.screen, screen.live && !board.suspended);
    renderWaiting(board.waiting, now);
    renderMissed(board.missed, board.missed_shown_min, now, board.rejoin ? board.rejoin.policy : undefined);
  }
  const lines = board ? linesNow(board, screen.clock.now(), stoppedLines(board.waiting)) : [];
  notices.render(lines, screen.trouble, sound ? sound.taken : 0);
  return board ? board.place.timezone : undefined;
}

/** A screen that speaks and cannot be heard, or has a picture that it cannot show, tells the operator. */
function tellDevice() {
  if (screen.device === null) return;
  screen.device.set("video_failed", media.faults !== "", media.faults);
  if (sound === null) return;
  const { state } = sound.announcer;
  screen.device.setAudioBlocked(state === "blocked");
  screen.device.set("sound_failed", state === "failed");
}

/** @type {(feed: import("/static/feed.js").Feed, token: string) => void} */
function speak(feed, token) {
  const about = zone === "all" ? {} : { zone };
  const line = new SoundLine(token, screen.clock, (onGranted) => feed.claimAnnouncer(about, onGranted), () => {
    tellDevice();
    screen.render();
  });
  sound = line;
  screen.onLive = (live) => line.announcer.setLive(live);
  feed.subscribe(Object.assign({ view: "announcements" }, about), (/** @type {import("/static/wire.js").Announcements} */ data) => line.announcer.update(data));
}

screen.onTick = () => {
  if (sound) sound.tick();
  tellDevice();
};
const speaks = new URLSearchParams(location.search).get("voice") === "on";
screen.open((board) => queue.update(board.calls, screen.clock.now()), true, speaks ? speak : undefined);
