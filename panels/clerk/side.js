/** The right column: my queues, the last one, my day; and the sheet of all keys. */

import { duration, hourMinute, minutes } from "/static/clock.js";
import { attrs, byId, el, fill, text } from "/static/dom.js";
import { named, t, tCode } from "/static/words.js";
import { CAPS } from "/pages/clerk/keyboard.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").Queue} Queue */

/** Where the target's tick stands in the bar, percent; card.css places it. */
const TARGET_AT = 81;

/**
 * @param {Element} node
 * @param {string} key all that the children say
 * @param {() => Node[]} make
 */
function refill(node, key, make) {
  if (node.getAttribute("data-key") === key) return;
  node.setAttribute("data-key", key);
  fill(node, make());
}

/** @param {Queue} queue @param {number} nowMs */
function queueRow(queue, nowMs) {
  const waited = queue.head_since_ms === null ? null : Math.max(0, (nowMs - queue.head_since_ms) / 1000);
  const over = waited !== null && waited > queue.target_s;
  const filled = waited === null ? 0 : Math.min(100, (waited / queue.target_s) * TARGET_AT);
  const target = minutes(queue.target_s);
  const figures = waited === null ? t("panel.queues.empty") : t("panel.queues.row", { n: minutes(waited), target });
  const fillBar = el("span", { class: "bar-fill" });
  fillBar.style.width = `${filled.toFixed(1)}%`; // not as an attribute: the page's policy forbids those
  const bar = el("span", { class: "bar" }, fillBar, el("span", { class: "bar-target" }));
  return el(
    "li",
    { "data-over": over },
    el("span", { class: "tile", "data-len": queue.prefix.length }, queue.prefix),
    el("span", { class: "queue-name" }, named(queue.name, queue.name_en)),
    el("strong", { class: "queue-class" }, queue.class === "ordinary" ? "" : t(`panel.class.${queue.class}`)),
    el("strong", { class: "queue-count" }, String(queue.count)),
    bar,
    el("span", { class: "queue-wait" }, figures),
  );
}

/** @param {Panel} panel @param {number} nowMs */
function renderQueues(panel, nowMs) {
  // A service always has its line; appointment and priority only while somebody is in them.
  const rows = panel.queues.filter((queue) => queue.class === "ordinary" || queue.count > 0);
  text(byId("queues-title"), t(panel.clerk ? "panel.queues" : "panel.queues.window"));
  // The bars move by a tenth of a minute: fine enough to see, rare enough to leave the page alone.
  refill(byId("queues"), `${JSON.stringify(rows)} ${Math.floor(nowMs / 6000)}`, () =>
    rows.length ? rows.map((queue) => queueRow(queue, nowMs)) : [el("li", { class: "none" }, t("panel.queues.none"))],
  );
}

/** What the window did last, in one line. @param {Panel} panel */
function renderLast(panel) {
  const { last } = panel;
  refill(byId("last"), JSON.stringify(last), () => {
    if (!last) return [el("span", {}, t("panel.last.none"))];
    const words = [tCode(`panel.last.${last.state}`, "panel.last.other")];
    if (last.handling_s !== null) words.push(t("panel.last.handling", { time: duration(last.handling_s * 1000) }));
    return [
      el("span", { class: "when" }, hourMinute(last.at_ms, panel.hall.timezone)),
      el("strong", { class: "last-number" }, last.number),
      el("span", {}, words.join(t("comma"))),
    ];
  });
}

/** How long a ticket is held, or until when. @param {import("/static/wire.js").HeldTicket} held @param {Panel} panel @param {number} nowMs */
function heldTimes(held, panel, nowMs) {
  const since = hourMinute(held.since_ms, panel.hall.timezone);
  const n = Math.floor((nowMs - held.since_ms) / 60000);
  const words = [t("panel.held.since", { time: since }), t("panel.held.for", { n })];
  if (held.due_ms !== null) {
    const late = nowMs >= held.due_ms;
    const key = held.kind === "waiting" ? (late ? "panel.held.look" : "panel.held.lookAt") : "panel.held.until";
    words.push(t(key, { time: hourMinute(held.due_ms, panel.hall.timezone) }));
  }
  return words;
}

/**
 * @param {Panel} panel
 * @param {number} nowMs
 * @param {boolean} live
 * @param {(held: import("/static/wire.js").HeldTicket) => void} goOn
 */
function renderHeld(panel, nowMs, live, goOn) {
  const free = panel.window.state === "idle" && panel.clerk !== null;
  text(byId("held-title"), t("panel.held", { n: panel.held.length }));
  refill(byId("held"), JSON.stringify([panel.held, free, live, Math.floor(nowMs / 60000)]), () =>
    panel.held.length === 0
      ? [el("li", { class: "none" }, t("panel.held.none"))]
      : panel.held.map((held) => {
          const may = live && panel.clerk !== null && (held.kind !== "waiting" || free);
          const act = t(held.kind === "waiting" ? "panel.act.resume" : "panel.act.returned");
          const [since, during, due] = heldTimes(held, panel, nowMs);
          const button = el("button", { type: "button", class: "held-act", "aria-disabled": may ? null : "true", "aria-label": `${act} ${held.number}` }, act);
          button.addEventListener("mousedown", (event) => event.preventDefault());
          button.addEventListener("click", () => {
            goOn(held);
            button.blur();
          });
          return el(
            "li",
            {},
            el("strong", { class: "held-number", "data-len": held.number.length }, held.number),
            el("span", { class: "held-what" }, el("span", {}, t(`panel.hold.${held.kind}`)), el("span", { class: "held-when" }, due || since + t("comma") + during)),
            button,
          );
        }),
  );
}

/** @param {string} label @param {string} value */
const fact = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));

/** @param {Panel} panel */
function renderToday(panel) {
  const { today } = panel;
  const since = today && today.since_ms !== null ? hourMinute(today.since_ms, panel.hall.timezone) : null;
  text(byId("today-since"), since === null ? "" : t("panel.today.since", { time: since }));
  refill(byId("today"), JSON.stringify(today), () => {
    if (!today) return [el("p", { class: "none" }, t("panel.today.none"))];
    const mean = today.mean_s === null ? t("panel.unknown") : duration(today.mean_s * 1000);
    return [
      el(
        "dl",
        { class: "facts" },
        fact(t("panel.today.done"), t("panel.today.doneUnit", { n: today.done })),
        fact(t("panel.today.mean"), mean),
        fact(t("panel.today.missed"), t("panel.today.missedUnit", { n: today.missed })),
      ),
    ];
  });
}

/**
 * @param {Panel} panel
 * @param {number} nowMs
 * @param {boolean} live
 * @param {(held: import("/static/wire.js").HeldTicket) => void} goOn with a held ticket
 */
export function renderSide(panel, nowMs, live, goOn) {
  renderQueues(panel, nowMs);
  renderHeld(panel, nowMs, live, goOn);
  renderLast(panel);
  renderToday(panel);
}

/** @param {string} words */
const cap = (words) => (words ? words.split(" ").map((one) => el("kbd", { class: "cap" }, one)) : []);

/** Fill the sheet of all keys; once. */
export function makeKeySheet() {
  /** @type {(act: import("/pages/clerk/acts.js").Secondary) => [string, string, string]} */
  const row = (act) => [CAPS[act].key, CAPS[act].pad, t(`panel.act.${act}`)];
  /** @type {[string, string, string][]} */
  const rows = [
    [t("panel.key.enter"), "Enter", t("panel.keys.dominant")],
    row("recall"),
    row("miss"),
    row("hold"),
    row("transfer"),
    row("call_ticket"),
    row("abandon"),
    row("request_rating"),
    [CAPS.pause.key, CAPS.pause.pad, t("panel.keys.leave")],
    row("help"),
    [t("panel.key.backspace"), t("panel.key.backspace"), t("panel.keys.undo")],
    row("keys"),
    ["1–9", "1–9", t("panel.keys.choose")],
    ["↑ ↓", "- +", t("panel.keys.move")],
    ["Esc", "0 .", t("panel.keys.back")],
  ];
  const head = el("tr", {}, ...["panel.keys.key", "panel.keys.pad", "panel.keys.act"].map((key) => el("th", {}, tCode(key, "panel.keys"))));
  const body = rows.map(([key, pad, act]) => el("tr", {}, el("td", {}, ...cap(key)), el("td", {}, ...cap(pad)), el("td", {}, act)));
  fill(byId("key-sheet"), [
    el(
      "section",
      { class: "card key-sheet" },
      el("header", { class: "card-head" }, el("h2", {}, t("panel.keys")), el("span", {}, t("panel.keys.close"))),
      el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)),
      el("p", {}, t("panel.keys.note")),
    ),
  ]);
}

/** Show the keys in place of the right column, or the column again. */
export function toggleKeySheet() {
  const open = byId("key-sheet").hidden;
  attrs(byId("key-sheet"), { hidden: !open });
  attrs(byId("side"), { hidden: open });
}
