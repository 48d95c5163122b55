/** The zone screen: puts the board's data in its places, and says so when it is old. */

import { Clock, hourMinute } from "/static/clock.js";
import { attrs, byId } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, t, tCode, translatePage } from "/static/words.js";
import { CallQueue } from "/pages/tv/calls.js";
import { renderLink, renderPlace, renderTime } from "/pages/tv/header.js";
import { Hero } from "/pages/tv/hero.js";
import { renderMissed, renderRecent, renderWaiting } from "/pages/tv/lists.js";
import { Notices } from "/pages/tv/notices.js";
import { SoundLine } from "/pages/tv/sound.js";
import { whereOf } from "/pages/tv/where.js";

/** @typedef {import("/static/wire.js").Board} Board */
/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

const BURN_IN_MS = 30 * 60 * 1000;
/** Where the page stands by turns, in design pixels. */
const SHIFTS = [[0, 0], [2, 0], [2, 2], [0, 2]];

const [hall, zone] = pathParts();
const token = takeToken();
const clock = new Clock();
const hero = new Hero();
const notices = new Notices();
const queue = new CallQueue((call, fresh) => {
  if (call && fresh && status.phase === "live") hero.announce();
  render();
});

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {Board|null} */
let board = null;
/** @type {SoundLine|null} */
let sound = null;

/** @param {BoardCall} call */
const where = (call) => (board ? whereOf(call, board) : "");

/**
 * A line for each service of this zone that gives no tickets since somebody stopped it.
 * @param {Board} from
 * @returns {string[]}
 */
function stopped(from) {
  return from.waiting
    .filter((service) => service.ticketing && service.ticketing.closed === "service_closed")
    .map((service) => {
      const reason = service.ticketing && service.ticketing.reason;
      const name = named(service.name, service.name_en);
      return reason ? t("tv.stoppedWhy", { name, reason }) : t("tv.stopped", { name });
    });
}

function renderHero() {
  if (status.phase === "refused") {
    const code = /** @type {string} */ (status.code);
    hero.renderMessage(t("tv.refused"), tCode(`tv.refused.${code}`, "tv.refused.unknown"));
    return;
  }
  const call = queue.shown;
  if (!board) {
    hero.renderMessage(t("tv.connecting"), t("tv.connectingHint"));
  } else if (board.suspended) {
    hero.renderMessage(t("tv.suspended"), [board.suspended.reason, t("tv.suspendedHint")].filter(Boolean).join("\n"), true);
  } else if (!call) {
    hero.renderMessage(t("tv.none"), t("tv.noneHint"));
  } else {
    const { timezone } = board.place;
    hero.renderCall(call, { live: status.phase === "live", timezone, where: where(call) });
  }
}

function render() {
  attrs(byId("page"), { "data-phase": status.phase });
  const timezone = board ? board.place.timezone : "Asia/Shanghai";
  const since = status.sinceMs === null ? "" : hourMinute(status.sinceMs, timezone);
  if (status.phase === "live") renderLink(true, t("live"));
  if (status.phase === "lost") renderLink(false, t("lost", { time: since }));
  if (status.phase === "connecting") renderLink(false, t("connecting"));
  renderHero();
  if (board) {
    renderTime(clock.now(), timezone);
    renderPlace(board.place);
    renderRecent(queue.recent, where, queue.shown !== null);
    renderWaiting(board.waiting, clock.now());
    renderMissed(board.missed, board.missed_shown_min, board.rejoin ? board.rejoin.policy : undefined);
  }
  const refused = status.phase === "refused" ? t("tv.refusedCitizen") : null;
  notices.render(board ? stopped(board).concat(board.notices) : [], status.phase === "lost" ? t("tv.stale", { time: since }) : refused, sound ? sound.taken : 0);
}

/** A picture that never moves leaves its shadow on the panel. */
function shift() {
  const [x, y] = SHIFTS[Math.floor(clock.now() / BURN_IN_MS) % SHIFTS.length];
  byId("page").style.transform = `translate(calc(${x} * var(--u)), calc(${y} * var(--u)))`;
}

translatePage();
if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  const feed = new Feed({
    hall,
    token,
    clock,
    onStatus: (next) => {
      status = next;
      if (sound) sound.announcer.setLive(next.phase === "live");
      render();
    },
  });
  feed.subscribe(zone === "all" ? { view: "board" } : { view: "board", zone }, (/** @type {Board} */ data, view) => {
    board = data;
    byId("page").setAttribute("data-revision", String(view.revision));
    queue.update(data.calls, clock.now());
    render();
  });
  if (new URLSearchParams(location.search).get("voice") === "on") {
    const about = zone === "all" ? {} : { zone };
    const line = new SoundLine(token, clock, (onGranted) => feed.claimAnnouncer(about, onGranted), render);
    sound = line;
    feed.subscribe(Object.assign({ view: "announcements" }, about), (/** @type {import("/static/wire.js").Announcements} */ data) => line.announcer.update(data));
  }
  feed.open();
}
render();
shift();
window.setInterval(() => {
  if (sound) sound.tick();
  render();
  shift();
}, 1000);
