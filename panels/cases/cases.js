/** 差评办件: bad ratings as a list to work through. What is shown follows the feed alone; the server decides what may be done. */

import { Clock } from "/static/clock.js";
import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { levelName } from "/static/faces.js";
import { Feed } from "/static/feed.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, t, tCode, translatePage } from "/static/words.js";
import { renderFrame, renderTotals, sinceTime } from "/pages/floor/frame.js";
import { reconcile, refill } from "/pages/floor/list.js";
import { Presses } from "/pages/floor/presses.js";
import { Staff } from "/pages/floor/staff.js";
import { CaseSheet } from "/pages/cases/sheet.js";
import { byWords, dueWords, moment, stateWords } from "/pages/cases/times.js";

/** @typedef {import("/static/wire.js").Case} Case */
/** @typedef {import("/static/wire.js").CasesView} CasesView */
/** @typedef {"left"|"overdue"|"closed"} Tab */

const TICK_MS = 1000;
/** @type {Tab[]} */
const TABS = ["left", "overdue", "closed"];

const [hall] = pathParts();
const token = takeToken();
const clock = new Clock();

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {CasesView|null} */
let data = null;
let view = { revision: -1 };
/** @type {Tab} */
let tab = "left";
/** @type {CaseSheet|null} */
let sheet = null;

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
const presses = new Presses({ feed, token: token || "", now: () => clock.now(), timezone: zone, revision: () => view.revision, onChange: () => render() });

function zone() {
  return data ? data.place.timezone : "Asia/Shanghai";
}

/** @type {import("/pages/cases/sheet.js").CaseContext} */
const context = {
  view: () => /** @type {CasesView} */ (data),
  now: () => clock.now(),
  presses,
  acting: () => staff.may("command_hall"),
  me: () => staff.token,
  hindrance: () => {
    if (status.phase !== "live") return t("floor.why.lost");
    return presses.busy ? t("floor.why.pending") : "";
  },
  say: (kind, words) => presses.say(kind, words),
};

/** @param {Case} one @param {number} now */
const isLate = (one, now) => one.state !== "closed" && now > one.due_ms;

/** @param {Tab} which @param {Case} one @param {number} now */
function belongs(which, one, now) {
  if (which === "closed") return one.state === "closed";
  return which === "overdue" ? isLate(one, now) : one.state !== "closed";
}

const tabs = TABS.map((which) => {
  const button = el("button", { type: "button", class: "tab", "data-tab": which });
  button.addEventListener("click", () => {
    tab = which;
    render();
  });
  return button;
});

/** @param {string} id @param {HTMLElement} from */
function choose(id, from) {
  sheet = new CaseSheet(id, context);
  render();
  // Narrow screens have it below the list.
  if (byId("sheet").getBoundingClientRect().top > window.innerHeight - 80) byId("sheet").scrollIntoView();
  from.focus();
}

/** @param {Case} one */
function makeRow(one) {
  const button = el("button", { type: "button", class: "pick" }, one.number);
  button.addEventListener("click", () => choose(one.id, button));
  const cells = ["level", "service", "opened", "due", "state", "clerk paper", "said paper", "acts paper"].map((name) => el("td", { class: name }));
  const row = el("tr", {}, el("th", { scope: "row" }, button), ...cells);
  row.addEventListener("click", (event) => {
    if (event.target !== button) choose(one.id, button);
  });
  return row;
}

/** @param {HTMLElement} node @param {Case} one @param {number} now */
function renderRow(node, one, now) {
  const late = isLate(one, now);
  attrs(node, { "data-case": one.id, "data-late": late, "data-chosen": sheet !== null && sheet.id === one.id, "data-state": one.state });
  const cell = (/** @type {string} */ name) => /** @type {HTMLElement} */ (node.querySelector(`.${name}`));
  text(cell("level"), levelName(one.level));
  const where = one.window_label ? t("cases.window", { label: one.window_label }) : "";
  text(cell("service"), [named(one.service_name, one.service_name_en), where].filter(Boolean).join(" "));
  text(cell("opened"), moment(one.opened_ms, zone()));
  const due = one.state === "closed" ? moment(one.due_ms, zone()) : dueWords(one.due_ms, now);
  refill(cell("due"), `${late} ${due}`, () => (late ? [shape("clock"), due] : [due]));
  text(cell("state"), stateWords(one, now));
  // On paper, which has no sheet beside it.
  text(cell("clerk"), one.clerk_name);
  const undone = one.undone_ms === null ? [] : `${t("cases.undone")} ${t("cases.undone.at", { time: moment(one.undone_ms, zone()) })}`;
  text(cell("said"), one.reasons.map((reason) => named(reason.name, reason.name_en)).concat(one.text || [], undone).join("\n"));
  text(cell("acts"), one.acts.map((act) => [moment(act.at_ms, zone()), t(`cases.act.${act.kind}`), byWords(act), act.text].filter(Boolean).join(" ")).join("\n"));
}

/** @param {CasesView} cases @param {number} now */
function renderDay(cases, now) {
  const count = (/** @type {(one: Case) => boolean} */ wanted) => String(cases.cases.filter(wanted).length);
  const { rated, done, levels } = cases.ratings;
  const each = levels ? ` (${[5, 4, 3, 2, 1].map((level) => `${levelName(level)} ${levels[level - 1]}`).join(t("listComma"))})` : "";
  /** @type {[string, string, string][]} */
  const rows = [
    [t("cases.open"), count((one) => one.state === "open"), t("cases.unit")],
    [t("cases.called_back"), count((one) => one.state === "called_back"), t("cases.unit")],
    [t("cases.overdue"), count((one) => isLate(one, now)), t("cases.unit")],
    [t("cases.rated"), t("cases.rated.of", { rated, done }), each],
  ];
  renderTotals(rows);
}

function bannerWords() {
  if (status.phase === "refused") return tCode(`floor.refused.${status.code}`, "floor.refused.unknown");
  if (!data) return t("connecting");
  return status.phase === "lost" ? t("floor.stale", { time: sinceTime(status, zone()) }) : "";
}

function render() {
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-revision": view.revision,
    "data-waiting": String(presses.busy),
    "data-acting": String(context.acting()),
    "data-tab": tab,
  });
  renderFrame(status, zone(), t("floor.refused"), bannerWords());
  attrs(byId("cases"), { hidden: data === null || status.phase === "refused" });
  if (!data || status.phase === "refused") return;
  const now = status.phase === "lost" && status.sinceMs !== null ? status.sinceMs : clock.now();
  text(byId("top-hall"), `${named(data.place.name, data.place.name_en)}　${t("cases.title")}`);
  renderDay(data, now);
  const { cases } = data;
  tabs.forEach((button, index) => {
    const count = TABS[index] === "closed" ? /** @type {CasesView} */ (data).closed : cases.filter((one) => belongs(TABS[index], one, now)).length;
    text(button, `${t(`cases.tab.${TABS[index]}`)} ${count}`);
    attrs(button, { "aria-pressed": String(TABS[index] === tab) });
  });
  if (!byId("tabs").firstChild) fill(byId("tabs"), tabs);
  const listed = cases.filter((one) => belongs(tab, one, now));
  reconcile(byId("rows"), listed, (one) => one.id, makeRow, (node, one) => renderRow(node, one, now));
  attrs(byId("none"), { hidden: listed.length > 0 });
  if (sheet && !sheet.update()) sheet = null;
  if (!sheet && byId("sheet").getAttribute("data-about") !== "none") {
    attrs(byId("sheet"), { "data-about": "none" });
    fill(byId("sheet"), [el("h2", { class: "sheet-title", id: "sheet-title" }, t("cases.choose")), el("p", { class: "none" }, t("cases.choose.hint"))]);
  }
  text(byId("printed"), t("cases.printed", { time: moment(now, zone()) }));
  // What the token may do; of a configuration that this page does not follow.
  if (status.phase === "live") staff.follow("once");
}

translatePage();
byId("print").addEventListener("click", () => window.print());
byId("to-floor").addEventListener("click", () => {
  location.href = `/floor/${encodeURIComponent(hall)}${location.search}#token=${token || ""}`;
});
if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  feed.subscribe({ view: "cases" }, (/** @type {CasesView} */ next, subscribed) => {
    data = next;
    view = subscribed;
    document.title = `${named(next.place.name, next.place.name_en)} ${t("cases.title")}`;
    render();
  });
  feed.open();
  presses.resume();
}
render();
window.setInterval(render, TICK_MS);
