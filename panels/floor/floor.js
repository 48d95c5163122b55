/**
 * The supervisor's floor page. What is shown follows the feed alone; every act goes through the same
 * door as at a window, and the server refuses what is not allowed and says why.
 */

import { Clock, hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, text } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, t, tCode, translatePage } from "/static/words.js";
import { DeviceSheet } from "/pages/floor/devicesheet.js";
import { Devices } from "/pages/floor/devices.js";
import { renderFrame, renderTotals, sinceTime } from "/pages/floor/frame.js";
import { HallSheet } from "/pages/floor/hallsheet.js";
import { Log } from "/pages/floor/log.js";
import { NoticeSheet } from "/pages/floor/notice.js";
import { Presses } from "/pages/floor/presses.js";
import { Queues } from "/pages/floor/queues.js";
import { ServiceSheet } from "/pages/floor/servicesheet.js";
import { Sheet } from "/pages/floor/sheet.js";
import { Staff } from "/pages/floor/staff.js";
import { AdjustSheet, DeclineSheet } from "/pages/floor/tidesheet.js";
import { Tides } from "/pages/floor/tides.js";
import { wholeMinutes } from "/pages/floor/times.js";
import { Warnings } from "/pages/floor/warnings.js";
import { WindowSheet } from "/pages/floor/windowsheet.js";
import { Windows, roomOf } from "/pages/floor/windows.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/pages/floor/form.js").Content} Content */
/** @typedef {import("/pages/floor/form.js").Context} Context */

const TICK_MS = 1000;

const [hall] = pathParts();
const token = takeToken();
const clock = new Clock();

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {Floor|null} */
let data = null;
let view = { revision: -1 };

const feed = new Feed({
  hall,
  token: token || "",
  clock,
  onStatus: (next) => {
    status = next;
    presses.sayPending();
    render();
  },
});
const staff = new Staff(hall, token || "", () => render());
const log = new Log(staff, () => render());
const presses = new Presses({ feed, token: token || "", now: () => clock.now(), timezone: zone, revision: () => view.revision, onChange: () => render() });
const sheet = new Sheet(() => render());

function zone() {
  return data ? data.place.timezone : "Asia/Shanghai";
}

/** Whether whoever looks may act at all: an inspector may not. */
const acting = () => staff.may("command_hall") && staff.known;

/** @param {"window"|"service"|"device"} kind @param {string} id @returns {Content} */
function sheetOf(kind, id) {
  if (kind === "window") return new WindowSheet(id, context);
  return kind === "service" ? new ServiceSheet(id, context) : new DeviceSheet(id, context);
}

/** @type {Context} */
const context = {
  floor: () => /** @type {Floor} */ (data),
  now: () => clock.now(),
  staff,
  presses,
  may: (permission) => acting() && staff.may(permission),
  hindrance: () => {
    if (status.phase !== "live") return t("floor.why.lost");
    return presses.busy ? t("floor.why.pending") : "";
  },
  say: (kind, words) => presses.say(kind, words),
  show: (kind, id) => sheet.open(sheetOf(kind, id), null),
  close: () => sheet.close(),
};

/** @param {Content} content @param {HTMLElement} from */
const show = (content, from) => sheet.open(content, from);

const windows = new Windows((id, from) => show(sheetOf("window", id), from));
const queues = new Queues((id, from) => show(sheetOf("service", id), from));
const devices = new Devices((id, from) => show(sheetOf("device", id), from));
const warnings = new Warnings(({ kind, id }, from) => {
  if (kind === "cases") toCases();
  else show(sheetOf(kind, id), from);
});
const tides = new Tides({
  accept: (plan) => {
    const hindrance = context.hindrance();
    if (hindrance) presses.say("refused", t("receipt.refused", { act: t("floor.do.accept"), why: hindrance }));
    else presses.run({ name: t("floor.do.accept"), commands: [{ command: "accept_plan", plan: plan.id }], done: t("floor.done.accept") });
  },
  decline: (from) => show(new DeclineSheet(context), from),
  adjust: (from) => show(new AdjustSheet(context), from),
});

/** @param {string} kind @param {import("/static/words.js").Key} name @param {() => Content} make */
function topButton(kind, name, make) {
  const button = el("button", { type: "button", class: `top-act do-${kind}` }, t(name));
  button.addEventListener("click", () => {
    if (data) show(make(), button);
  });
  return button;
}
/** The page of bad ratings, with the same token. */
function toCases() {
  location.href = `/cases/${encodeURIComponent(hall)}${location.search}#token=${token || ""}`;
}
const casesButton = el("button", { type: "button", class: "top-act do-cases" });
casesButton.addEventListener("click", toCases);
const noticeButton = topButton("notices", "floor.do.notice", () => new NoticeSheet(context));
const hallButton = topButton("hall", "floor.do.suspend", () => new HallSheet(context));

/** @param {Floor} floor @param {number} now */
function renderDay(floor, now) {
  const { totals } = floor;
  const mean = totals.mean_since_ms === null ? null : wholeMinutes(now - totals.mean_since_ms);
  const share = totals.issued ? Math.round((100 * totals.priority) / totals.issued) : null;
  const limit = floor.priority_share ? floor.priority_share.limit_percent : null;
  const checks = floor.prechecks;
  const people = t("floor.total.people");
  /** @type {[string, string, string][]} */
  const rows = [
    [t("floor.total.waiting"), String(totals.waiting), people],
    [t("floor.total.late"), String(totals.late), people],
    [t("floor.total.mean"), mean === null ? t("floor.unknown") : String(mean), mean === null ? "" : t("floor.total.minutes")],
    [t("floor.total.issued"), String(totals.issued), ""],
    [t("floor.total.done"), String(totals.done), ""],
    [t("floor.total.priority"), share === null ? t("floor.unknown") : `${share}%`, limit ? t("desk.floor.limit", { n: limit }) : ""],
  ];
  if (floor.ratings) rows.push([t("floor.total.rated"), String(floor.ratings.rated), ""]);
  if (checks && checks.passed + checks.lacking) rows.push([t("desk.floor.prechecks"), String(checks.passed), t("desk.floor.passed", { lacking: checks.lacking })]);
  renderTotals(rows);
}

function renderTop() {
  renderFrame(status, zone(), t("floor.refused"), bannerWords());
  if (!data) return;
  text(byId("top-hall"), `${named(data.place.name, data.place.name_en)}　${t("floor.title")}`);
  text(byId("top-time"), hourMinute(clock.now(), zone()));
  renderDay(data, clock.now());
  text(hallButton, t(data.suspended ? "floor.do.resume" : "floor.do.suspend"));
  const left = data.cases ? data.cases.open + data.cases.called_back : 0;
  text(casesButton, left ? `${t("floor.cases")} ${left}` : t("floor.cases"));
  const buttons = (acting() ? [noticeButton, hallButton] : []).concat(staff.may("list_ratings") ? [casesButton] : []);
  const holder = byId("top-acts");
  if (holder.children.length !== buttons.length) fill(holder, buttons);
  attrs(holder, { "data-looking": staff.may("read_floor") && !staff.may("command_hall") ? t("floor.looking") : null });
}

/** What stands above everything: why there is nothing, or that what is shown is old, or stands still. */
function bannerWords() {
  if (status.phase === "refused") return tCode(`floor.refused.${status.code}`, "floor.refused.unknown");
  if (!data) return t("connecting");
  if (status.phase === "lost") return t("floor.stale", { time: sinceTime(status, zone()) });
  if (data.suspended) {
    return t("floor.suspended", { time: hourMinute(data.suspended.since_ms, zone()), reason: named(data.suspended.reason, data.suspended.reason_en) || t("floor.noReason") });
  }
  return data.day_closed ? t("floor.dayClosed") : "";
}

/** With tides off a large page has room for the recent acts below the windows. @param {Floor} floor */
function renderRoom(floor) {
  const roomy = roomOf(floor) !== undefined;
  attrs(byId("page"), { "data-roomy": roomy });
  const card = byId(roomy ? "acts-card" : "below");
  const part = byId("log-part");
  if (part.parentElement !== card) card.appendChild(part);
  attrs(byId("acts-card"), { hidden: !roomy });
  attrs(byId("below"), { "data-bare": roomy && !(floor.devices && floor.devices.length) });
}

function render() {
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-revision": view.revision,
    "data-suspended": data !== null && data.suspended !== null,
    // A press counts for nothing until the last one is answered and what it did is shown.
    "data-waiting": String(presses.busy),
    "data-acting": String(acting()),
    "data-sheet": sheet.key,
  });
  attrs(byId("floor"), { hidden: data === null || status.phase === "refused" });
  renderTop();
  if (!data || status.phase === "refused") return;
  // What stands still is as old as the last word of it.
  const now = status.phase === "lost" && status.sinceMs !== null ? status.sinceMs : clock.now();
  const chosen = (/** @type {string} */ kind) => (sheet.key && sheet.key.indexOf(`${kind}/`) === 0 ? sheet.key.slice(kind.length + 1) : null);
  renderRoom(data);
  windows.render(data, now, chosen("window"));
  warnings.render(data, now, acting());
  queues.render(data, now, chosen("service"));
  tides.render(data, now, acting(), context.hindrance() === "");
  devices.render(data.devices);
  log.render(data);
  sheet.update();
  if (status.phase === "live") {
    staff.follow(data.config_digest);
    log.follow(view.revision);
  }
}

translatePage();
if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  feed.subscribe({ view: "floor" }, (/** @type {Floor} */ next, subscribed) => {
    data = next;
    view = subscribed;
    document.title = `${named(next.place.name, next.place.name_en)} ${t("floor.title")}`;
    render();
  });
  presses.resume();
  feed.open();
}
render();
window.addEventListener("resize", render);
window.setInterval(render, TICK_MS);
