/**
 * The hall editor. The draft lives in this browser; what is in force, what is wrong with the draft and what it would do
 * is what the server says. Nothing in the hall changes before the second press of the one filled button.
 */

import { Clock } from "/static/clock.js";
import { attrs, byId, el, fill, text } from "/static/dom.js";
import { Door } from "/static/door.js";
import { Feed, randomKey } from "/static/feed.js";
import { KeptPresses, ageOf } from "/static/kept.js";
import { Receipt } from "/static/receipt.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, notDone, refusal, t, tCode, translatePage } from "/static/words.js";
import { Catalogue, said } from "/pages/editor/catalogue.js";
import { Draft } from "/pages/editor/draft.js";
import { Form, mark } from "/pages/editor/form.js";
import { History } from "/pages/editor/history.js";
import { Matrix } from "/pages/editor/matrix.js";
import { steps } from "/pages/editor/paths.js";
import { Preview } from "/pages/editor/preview.js";
import { Rows } from "/pages/editor/rows.js";
import { Targets } from "/pages/editor/targets.js";
import { TextView } from "/pages/editor/text.js";
import { renderFrame, sinceTime } from "/pages/floor/frame.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/pages/editor/form.js").Context} Context */
/**
 * @typedef {Object} Applying a change that is being put in force
 * @property {string} key idempotency key
 * @property {number} atMs of this device's clock
 * @property {{command: string, config: Object<string, any>, if_digest: string, reason: string}} body as it is sent
 * @property {string} digest of its configuration
 */

const CHECK_AFTER_MS = 500;
/** A hall that moves on changes what a draft would do to it. */
const LOOK_AGAIN_MS = 5000;
const RETRY_MS = 3000;
/** So long a change is sent until somebody answers, by the page that is loaded again as well; then whoever pressed is told. */
const CARRY_MS = 3 * 60 * 1000;

const TABS = /** @type {const} */ (["services", "windows", "clerks", "sessions", "thresholds", "other", "text", "history"]);
/** @typedef {typeof TABS[number]} Tab */

/** Parts within tabs; each is a list of the hall, a table of it, or a view of its own. @type {Object<string, string[]>} */
const PARTS = {
  services: ["services"],
  windows: ["windows"],
  clerks: ["matrix", "clerks"],
  sessions: ["sessions", "holidays", "moved_workdays"],
  thresholds: ["targets"],
  other: ["general", "contact", "rules", "routing", "tides", "voice", "screens", "notices", "zones", "resources", "items", "outlets", "desk", "ratings", "devices", "printers"],
  text: ["text"],
  history: ["history"],
};
const GENERAL = ["name", "name_en", "timezone", "day_starts", "public_url", "practice"];

const [hall] = pathParts();
const token = takeToken();
const clock = new Clock();
const door = new Door(hall, token || "");
const receipt = new Receipt("receipt");
/** @type {KeptPresses<Applying>} */
const kept = new KeptPresses(token || "", CARRY_MS);

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {Floor|null} */
let floor = null;
let revision = -1;
/** @type {string[]} */
let may = [];
/** @type {Catalogue|null} */
let catalogue = null;
let inForceToml = "";
let fetching = false;
let applying = false;
/** What became of the draft that must not take the place of a refusal. @type {string[]} */
let unsaid = [];
/** @type {Tab} */
let tab = "services";
/** The part that is shown, by tab. @type {Object<string, string>} */
const shown = { services: "services", windows: "windows", clerks: "matrix", sessions: "sessions", thresholds: "targets", other: "general", text: "text", history: "history" };
/** @type {Map<string, {node: HTMLElement, draw: () => void}>} */
const views = new Map();
/** A check under way is of this version; -1: none is. */
let checking = -1;
let checkTimer = 0;
let lookedMs = 0;
let lookedRevision = -1;

const mayChange = () => may.indexOf("configure") >= 0;
const zone = () => (floor ? floor.place.timezone : "Asia/Shanghai");

/** @param {string} words */
const say = (words) => receipt.show("refused", words, clock.now(), zone());

const draft = new Draft(hall, () => {
  scheduleCheck();
  render();
});

/** @type {Context|null} */
let context = null;
/** @type {Preview|null} */
let preview = null;

const feed = new Feed({
  hall,
  token: token || "",
  clock,
  onStatus: (next) => {
    status = next;
    if (applying) sayApplying();
    render();
  },
});

// What is in force --------------------------------------------------------------------------------------------

/** Read what is in force, unless the draft knows it already. */
function followConfig() {
  if (fetching || applying || catalogue === null) return;
  if (floor && draft.ready && floor.config_digest === draft.digest) {
    unsaid = [];
    return;
  }
  fetching = true;
  door.ask("config").then((result) => {
    fetching = false;
    if (!result.ok) {
      window.setTimeout(followConfig, RETRY_MS);
      return;
    }
    inForceToml = result.answer.toml;
    const became = draft.follow(result.answer);
    if (became === "merged") say(t("editor.merged"));
    if (became === "clash") say(t("editor.clashed"));
    const silent = unsaid.indexOf(became) >= 0;
    if (became === "restored" && !silent) receipt.show("done", t("editor.restored"), clock.now(), zone());
    if (became === "done" && !silent) receipt.show("done", t("editor.doneAlready"), clock.now(), zone());
    unsaid = [];
    if (became !== "same") {
      fill(byId("foot-acts"), []);
      drawAll();
    }
    scheduleCheck();
    render();
  });
}

function begin() {
  Promise.all([door.ask(""), door.ask("config/fields")]).then(([info, fields]) => {
    if (!info.ok || !fields.ok) {
      const problem = info.ok ? (fields.ok ? null : fields.problem) : info.problem;
      if (problem && problem.code === "store_unavailable") window.setTimeout(begin, RETRY_MS);
      else if (problem) status = { phase: "refused", sinceMs: null, code: problem.code };
      render();
      return;
    }
    may = info.answer.may;
    catalogue = new Catalogue(fields.answer);
    context = { catalogue, draft, may: mayChange, again: () => drawAll(), say };
    preview = new Preview(byId("side"), context, { go, goTo, apply, hindrance });
    const before = kept.find();
    if (before && mayChange()) carry(before);
    else followConfig();
    render();
  });
}

// Checks ------------------------------------------------------------------------------------------------------

function scheduleCheck() {
  window.clearTimeout(checkTimer);
  if (draft.ready && draft.dirty && mayChange()) checkTimer = window.setTimeout(runCheck, CHECK_AFTER_MS);
}

function runCheck() {
  if (!preview || !draft.dirty || checking === draft.version) return;
  const version = draft.version;
  checking = version;
  lookedMs = performance.now();
  lookedRevision = revision;
  door.ask("config/check", { config: draft.config }).then((result) => {
    if (checking === version) checking = -1;
    if (!preview || version !== draft.version) return;
    if (!result.ok) {
      say(t("editor.checkFailed", { why: refusal(result.problem) }));
      checkTimer = window.setTimeout(runCheck, RETRY_MS);
      return;
    }
    if (result.answer.config === null || result.answer.in_force === draft.digest) preview.show(result.answer, version);
    else followConfig();
    const view = views.get("text");
    if (view instanceof TextView) view.show(result.answer.toml);
    markMistakes();
    render();
  });
}

function markMistakes() {
  mark(byId("main"), preview && preview.current && preview.check && draft.dirty ? preview.check.errors : []);
}

/** Why the draft cannot be put in force now; empty: it can. */
function hindrance() {
  if (status.phase !== "live") return t("editor.why.lost");
  if (applying) return t("editor.why.applying");
  if (draft.clashes.length > 0) return t("editor.why.clash");
  if (!preview || !preview.current || !preview.check) return t("editor.why.checking");
  if (preview.check.errors.length > 0) return t("editor.why.errors");
  if (preview.check.refused.length > 0) return t("editor.why.refused");
  return preview.check.changes.length === 0 ? t("editor.why.same") : "";
}

/** @param {string} reason */
function apply(reason) {
  if (applying || !preview || !preview.check) return;
  const body = { command: "configure", config: draft.config, if_digest: draft.digest, reason };
  const press = { key: randomKey(), atMs: Date.now(), body, digest: preview.check.digest || "" };
  kept.keep(press);
  carry(press);
}

function sayApplying() {
  const words = t(status.phase === "lost" ? "receipt.pendingLost" : "receipt.pending", { act: t("editor.apply") });
  receipt.show("pending", words, clock.now(), zone());
}

/** Send a change until it is answered, or nobody can be waited for any longer. @param {Applying} press */
function carry(press) {
  applying = true;
  sayApplying();
  const { reason } = press.body;
  door.act("commands", press.body, press.key, CARRY_MS - ageOf(press)).then((result) => {
    if (!result.ok) {
      const { problem } = result;
      const other = problem.code === "wrong_state" && problem.state === "changed";
      const unknown = problem.code === "unconfirmed";
      applying = false;
      kept.forget();
      say(other ? t("editor.changedMeanwhile") : notDone(t("editor.apply"), problem, unknown ? t("editor.unconfirmed") : refusal(problem)));
      // That it is in force after all answers what nobody knew.
      unsaid = unknown ? ["restored"] : ["restored", "done"];
      if (other) {
        if (preview) preview.suggest(reason);
      } else if (!unknown) runCheck();
      followConfig();
      render();
      return;
    }
    finish(press, result.answer.revision);
  });
  render();
}

/** What was put in force is read back; the draft is no more. @param {Applying} press @param {number} mine its revision */
function finish(press, mine) {
  door.ask("config").then((result) => {
    if (!result.ok) {
      window.setTimeout(() => finish(press, mine), RETRY_MS);
      return;
    }
    applying = false;
    inForceToml = result.answer.toml;
    if (preview) preview.disarm();
    draft.adopt(press.body.config, press.digest, result.answer);
    kept.forget();
    receipt.show("done", t("editor.done", { reason: press.body.reason }), clock.now(), zone());
    offerUndo(mine);
    drawAll();
    render();
  });
}

/** @param {number} mine revision of the change */
function offerUndo(mine) {
  const button = el("button", { type: "button", class: "act do-undo" }, t("editor.undo"));
  button.addEventListener("click", () => {
    door.ask("config/history").then((result) => {
      const found = result.ok ? result.answer.versions : [];
      const before = found[0] && found[0].revision === mine ? found[1] : null;
      if (!before) {
        say(t("editor.undo.late"));
        return;
      }
      door.ask(`config/history/${before.revision}`).then((found) => {
        if (found.ok) restore(found.answer.config, t("editor.undo.reason"));
      });
    });
  });
  fill(byId("foot-acts"), [button]);
}

/** @param {Object<string, any>} config @param {string} reason */
function restore(config, reason) {
  if (preview) preview.suggest(reason);
  draft.replace(config);
  fill(byId("foot-acts"), []);
  receipt.show("done", t("editor.loaded"), clock.now(), zone());
  if (tab === "history") select("services");
  drawAll();
  byId("side").focus();
}

// Tabs --------------------------------------------------------------------------------------------------------

/** @param {string} part */
function viewOf(part) {
  const found = views.get(part);
  if (found) return found;
  const made = makeView(part);
  views.set(part, made);
  return made;
}

/** @param {string} part @returns {{node: HTMLElement, draw: () => void}} */
function makeView(part) {
  const within = /** @type {Context} */ (context);
  if (part === "matrix") return new Matrix(within);
  if (part === "targets") return new Targets(within);
  if (part === "history") return new History(within, door, { timezone: zone, restore });
  if (part === "text") {
    const view = new TextView(within, (toml) =>
      door.ask("config/check", { toml }).then((result) => {
        if (result.ok) return result.answer;
        say(refusal(result.problem));
        return null;
      }),
    );
    return Object.assign(view, {
      draw: () => {
        const current = preview && preview.current && preview.check && draft.dirty;
        view.show(current && preview && preview.check ? preview.check.toml : inForceToml);
      },
    });
  }
  const field = part === "general" ? null : within.catalogue.top(part);
  if (field && field.kind === "tables" && within.catalogue.table(field.table).row_key) return new Rows(within, part);
  const form = new Form(within);
  const node = el("div", { class: "single" });
  return {
    node,
    draw: () => fill(node, [field ? form.field(field, part) : form.of(within.catalogue.root, "", GENERAL)]),
  };
}

/** @param {string} part */
function partName(part) {
  if (part === "general" || part === "matrix") return t(/** @type {import("/static/words.js").Key} */ (`editor.part.${part}`));
  return part === "clerks" ? t("editor.part.each") : catalogue ? said(catalogue.top(part)) : part;
}

/** @param {Tab} next @param {string} [part] */
function select(next, part) {
  tab = next;
  if (part) shown[tab] = part;
  drawTabs();
  drawMain();
}

function drawTabs() {
  const holder = byId("tabs");
  if (holder.children.length === 0) {
    TABS.forEach((name) => {
      const button = el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "main", "data-tab": name }, t(/** @type {import("/static/words.js").Key} */ (`editor.tab.${name}`)));
      button.addEventListener("click", () => select(name));
      holder.append(button);
    });
    holder.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (by === 0) return;
      select(TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length]);
      byId(`tab-${tab}`).focus();
    });
  }
  TABS.forEach((name) => attrs(byId(`tab-${name}`), { "aria-selected": name === tab ? "true" : "false", tabindex: name === tab ? "0" : "-1" }));
}

function drawMain() {
  if (!context || !draft.ready) return;
  const parts = PARTS[tab];
  const part = shown[tab];
  const view = viewOf(part);
  const subs = el("div", { class: "subs", role: "group", "aria-label": t("editor.parts") });
  (parts.length > 1 ? parts : []).forEach((name) => {
    const button = el("button", { type: "button", class: "sub-tab", "data-part": name, "aria-pressed": name === part ? "true" : "false" }, partName(name));
    button.addEventListener("click", () => select(tab, name));
    subs.append(button);
  });
  const main = byId("main");
  attrs(main, { "aria-labelledby": `tab-${tab}`, "data-part": part });
  fill(main, [...(parts.length > 1 ? [subs] : []), view.node]);
  view.draw();
  markMistakes();
}

/** Everything anew, e.g. when rows came or went. */
function drawAll() {
  drawMain();
  render();
}

/** Show what a mistake is about, and put the cursor there. @param {string} key */
function go(key) {
  const way = steps(key);
  const section = String(way[0] || "");
  if (!section) {
    select("text");
    return;
  }
  const owner = /** @type {Tab} */ (TABS.find((name) => PARTS[name].indexOf(section) >= 0) || (section === "warnings" ? "thresholds" : "other"));
  const part = PARTS[owner].indexOf(section) >= 0 ? section : section === "warnings" ? "targets" : "general";
  select(owner, part);
  const view = viewOf(part);
  if (view instanceof Rows && typeof way[1] === "number") view.choose(way[1]);
  markMistakes();
  let path = key;
  let control = null;
  while (path && !control) {
    control = byId("main").querySelector(`[data-control="${CSS.escape(path)}"]`);
    path = path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0));
  }
  const there = /** @type {HTMLElement|null} */ (control || byId("main").querySelector("[data-control]"));
  if (there) {
    there.focus();
    there.scrollIntoView({ block: "center" });
  }
}

/** @param {import("/pages/editor/preview.js").Change} change */
function goTo(change) {
  const rows = change.id ? /** @type {any[]} */ (draft.get(change.section) || []) : [];
  const key = change.id && catalogue ? catalogue.rowsOf(change.section).row_key : "";
  const at = rows.findIndex((row) => row[key] === change.id);
  go(at >= 0 ? `${change.section}[${at}]` : change.section);
}

// The page ----------------------------------------------------------------------------------------------------

function bannerWords() {
  if (status.phase === "refused") return tCode(`editor.refused.${status.code}`, "editor.refused.unknown");
  if (!draft.ready) return t("connecting");
  return status.phase === "lost" ? t("editor.lost", { time: sinceTime(status, zone()) }) : "";
}

function render() {
  const checked = !draft.dirty ? "none" : !preview || !preview.current || !preview.check ? "pending" : preview.check.errors.length > 0 ? "errors" : preview.check.refused.length > 0 ? "refused" : "ok";
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-ready": String(draft.ready),
    "data-dirty": String(draft.dirty),
    "data-check": checked,
    "data-digest": draft.digest,
    "data-applying": String(applying),
    "data-may": String(mayChange()),
  });
  renderFrame(status, zone(), t("floor.refused"), bannerWords());
  attrs(byId("middle"), { hidden: !draft.ready || status.phase === "refused" });
  if (floor) text(byId("top-hall"), t("editor.titleOf", { hall: named(floor.place.name, floor.place.name_en) }));
  text(byId("top-draft"), draft.ready ? (draft.dirty ? t("editor.isDraft") : t("editor.isInForce")) : "");
  attrs(byId("top-looking"), { hidden: !draft.ready || mayChange() });
  if (draft.ready && preview) preview.draw();
  const view = views.get(shown[tab]);
  if (view instanceof Rows) view.refresh();
}

translatePage();
document.querySelectorAll("[data-label]").forEach((node) => {
  attrs(node, { "aria-label": t(/** @type {import("/static/words.js").Key} */ (node.getAttribute("data-label"))) });
});
attrs(byId("top-floor"), { href: `/floor/${encodeURIComponent(hall)}${location.search}#token=${encodeURIComponent(token || "")}` });
drawTabs();
if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  feed.subscribe({ view: "floor" }, (/** @type {Floor} */ next, subscribed) => {
    const first = floor === null;
    floor = next;
    revision = subscribed.revision;
    if (first) document.title = t("editor.titleOf", { hall: named(next.place.name, next.place.name_en) });
    followConfig();
    if (first) render();
  });
  feed.open();
  begin();
}
render();
window.setInterval(() => {
  const stale = revision !== lookedRevision && performance.now() - lookedMs > LOOK_AGAIN_MS;
  if (stale && draft.dirty && checking < 0 && preview && preview.current && status.phase === "live") runCheck();
}, 1000);
window.addEventListener("pagehide", () => draft.keepNow());
document.addEventListener("visibilitychange", () => draft.keepNow());
