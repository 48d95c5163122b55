/**
 * The panel of one window. What is shown follows the feed alone; a press is sent, and until its answer
 * is here no other press counts. The server refuses what is not allowed and says why.
 */

import { Clock, hourMinute } from "/static/clock.js";
import { attrs, byId, fill, shape, text } from "/static/dom.js";
import { COMMAND_MAX_MS, Feed, randomKey } from "/static/feed.js";
import { KeptPresses, ageOf } from "/static/kept.js";
import { Receipt } from "/static/receipt.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, notDone, t, tCode, translatePage } from "/static/words.js";
import { DOMINANT, offerOf, situationOf } from "/pages/clerk/acts.js";
import { cardBody, cardMessage, renderState, renderTrouble } from "/pages/clerk/card.js";
import { Keys, renderDominant } from "/pages/clerk/keys.js";
import { listen } from "/pages/clerk/keyboard.js";
import { Questions } from "/pages/clerk/questions.js";
import { accepted, refused } from "/pages/clerk/receipts.js";
import { Sight } from "/pages/clerk/sight.js";
import { makeKeySheet, renderSide, toggleKeySheet } from "/pages/clerk/side.js";
import { SignIn } from "/pages/clerk/signin.js";
import { Undo } from "/pages/clerk/undo.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").Answer} Answer */
/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {import("/pages/clerk/acts.js").Act} Act */
/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */
/**
 * @typedef {Object} Press
 * @property {string} key idempotency key
 * @property {Act} act
 * @property {Object} command as it is sent
 * @property {Object<string, string>} words for the receipt
 * @property {number} atMs of this device's clock
 */

/** An answer that comes sooner needs no word that it is on its way. */
const PENDING_SHOWN_MS = 300;
/** Longer than any change lags behind the answer to its command. */
const SETTLE_MS = 2000;
const TICK_MS = 250;

/** What the server calls an act, where that is another word. @type {Object<string, string>} */
const COMMANDS = { join: "sign_in", leave: "sign_out" };
/** Acts that seat somebody, which the server refuses where another sits. @type {Act[]} */
const SEATING = ["sign_in", "join"];
/** Acts that are done to a ticket rather than at a window. */
const ON_TICKET = ["returned"];
/** Acts on whoever is at the window: said with the ticket, so that one that comes late meets nobody else. */
const ON_PRESENT = ["recall", "start", "complete", "miss", "abandon", "hold", "transfer"];

const [hall, windowId] = pathParts();
const token = takeToken();
const clock = new Clock();

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {Panel|null} */
let panel = null;
/** @type {Feed|null} */
let feed = null;
/** @type {{revision: number}} */
let view = { revision: -1 };
/** The press whose answer is awaited. @type {{act: Act, shown: boolean}|null} */
let pending = null;
/** The revision of the last accepted press; until the view has it, what is shown is the state before. */
let settling = { revision: -1, untilMs: 0 };
/** The revision that is on the page. */
let shownRevision = -1;

const signIn = new SignIn(() => render());
const keys = new Keys({ act: pressSecondary, back });
const receipt = new Receipt("receipt-line");
const sight = new Sight();
/** @type {KeptPresses<Press>} */
const kept = new KeptPresses(token || "", COMMAND_MAX_MS);
const undo = new Undo(pressUndo);
const questions = new Questions({
  panel: () => panel,
  now: () => clock.now(),
  ask: (question) => {
    keys.ask(question);
    render();
  },
  send,
  refuse: sayRefused,
  get: async (path) => {
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  },
  keySheet: () => {
    keys.ask(null);
    toggleKeySheet();
    render();
  },
});

/** Secondary keys that ask first. @type {Object<string, () => void>} */
const ASKING = {
  hold: () => questions.hold(),
  transfer: () => questions.transfer(),
  call_ticket: () => questions.callTicket(),
  abandon: () => questions.abandon(),
  pause: () => questions.pause(),
};

const zone = () => (panel ? panel.hall.timezone : "Asia/Shanghai");
const live = () => status.phase === "live";
const waiting = () => pending !== null || (view.revision < settling.revision && performance.now() < settling.untilMs);

/** @param {Act} act */
const actName = (act) => t(`panel.act.${act}`);

/** @param {"done"|"refused"|"pending"} kind @param {string} words */
function say(kind, words) {
  receipt.show(kind, words, clock.now(), zone());
}

/** @param {Act} act @param {string} why */
function sayRefused(act, why) {
  say("refused", t("receipt.refused", { act: actName(act), why }));
}

function sayPending() {
  if (!pending || !pending.shown) return;
  const key = status.phase === "lost" ? "receipt.pendingLost" : "receipt.pending";
  say("pending", t(key, { act: actName(pending.act) }));
}

/**
 * What is seen at the window by whoever presses: one that comes late must not meet another clerk or ticket.
 * @param {Act} act
 * @returns {{seen_clerk?: string|null, ticket?: string|null, act?: string}}
 */
function meant(act) {
  if (SEATING.includes(act) || !panel) return {};
  const seen = { seen_clerk: panel.clerk ? panel.clerk.id : null };
  const there = panel.current ? panel.current.ticket.id : null;
  if (act === "call_next") return Object.assign(seen, { ticket: there });
  if (act === "undo" && panel.undo) return Object.assign(seen, { ticket: panel.undo.ticket, act: panel.undo.act });
  return there && ON_PRESENT.includes(act) ? Object.assign(seen, { ticket: there }) : seen;
}

/**
 * Press: once, however often it has to be sent.
 * @param {Act} act
 * @param {Object} [args]
 * @param {Object<string, string>} [words] for the receipt
 */
function send(act, args, words) {
  if (!feed || waiting()) return;
  keys.ask(null);
  const there = panel && panel.current ? panel.current.ticket : null;
  const number = there ? there.number : "";
  const about = ON_TICKET.includes(act) ? {} : Object.assign({ window: windowId }, meant(act));
  const command = Object.assign({ command: COMMANDS[act] || act }, about, args);
  const press = { key: randomKey(), act, command, words: Object.assign({ number }, words), atMs: Date.now() };
  kept.keep(press);
  follow(press);
}

/** Send a press and wait for its answer. @param {Press} press */
function follow(press) {
  if (!feed) return;
  const { act, command, key } = press;
  const mine = { act, shown: false };
  pending = mine;
  window.setTimeout(() => {
    mine.shown = true;
    if (pending === mine) sayPending();
    render();
  }, PENDING_SHOWN_MS);
  feed.command(command, { key, ageMs: ageOf(press) }).then((result) => {
    pending = null;
    kept.forget();
    if (result.ok === true) onAccepted(press, result);
    else onRefused(press, result.problem);
    render();
  });
  render();
}

/** @param {Press} press @param {Answer} answer */
function onAccepted({ act, words }, answer) {
  // Nothing changes when nobody waits: then there is no revision to wait for.
  const changed = act !== "call_next" || Boolean(answer.ticket);
  if (changed) settling = { revision: answer.revision, untilMs: performance.now() + SETTLE_MS };
  if (act === "sign_in") signIn.keep();
  say("done", accepted(act, answer, words));
}

/** @param {Press} press @param {Problem} problem */
function onRefused({ act, command, words }, problem) {
  const why = refused(act, problem, panel);
  say("refused", notDone(actName(act), problem, why));
  const absent = problem.code === "window_closed" || problem.code === "window_unstaffed";
  const { to } = /** @type {{to?: Object}} */ (command);
  // Only where the server offers it: at a window that is closing nobody can wait.
  if (act === "transfer" && absent && to && panel && panel.current && /wait: true/.test(problem.hint || "")) {
    questions.transferWaits({ to }, words.to || "", why);
  }
}

function pressDominant() {
  if (!panel || keys.question) return;
  const act = DOMINANT[situationOf(panel)];
  if (!live()) {
    sayRefused(act, t("panel.why.lost") + t("fullStop"));
  } else if (act !== "sign_in") {
    send(act);
  } else if (signIn.chosen) {
    send(act, { clerk: signIn.chosen.id }, { name: signIn.chosen.name });
  } else {
    say("refused", t("panel.hint.sign_in.none"));
  }
}

/** @param {Secondary} act */
function pressSecondary(act) {
  const { question } = keys;
  if (question && question.act === act) {
    if (question.more) question.more.pick();
    else back();
    return;
  }
  if (question) keys.ask(null);
  const sheetOpen = !byId("key-sheet").hidden;
  // The keypad has no Esc: what means "back" in a question closes the sheet, too.
  if (act === "keys" || (sheetOpen && (act === "help" || act === "hold"))) {
    toggleKeySheet();
    render();
    return;
  }
  if (waiting()) return;
  const offer = offerOf(act, panel, live(), clock.now());
  if (!offer.enabled && !(offer.ask && live())) {
    sayRefused(act, offer.note + t("fullStop"));
  } else if (ASKING[act]) {
    ASKING[act]();
  } else if (act === "help" && panel && panel.help) {
    send("help_done");
  } else {
    send(act);
  }
  render();
}

function pressUndo() {
  if (keys.question || waiting()) return;
  const undo = panel && panel.undo;
  if (!live()) sayRefused("undo", t("panel.why.lost") + t("fullStop"));
  else if (!undo || undo.until_ms <= clock.now()) sayRefused("undo", t("panel.undo.none"));
  else send("undo", {}, { number: undo.number, undone: undo.act });
}

function back() {
  if (!keys.question && !byId("key-sheet").hidden) toggleKeySheet();
  keys.ask(null);
  render();
}

/** @param {import("/static/wire.js").HeldTicket} held */
function goOn(held) {
  if (waiting() || !panel) return;
  const act = held.kind === "waiting" ? "resume" : "returned";
  if (!live()) sayRefused(act, t("panel.why.lost") + t("fullStop"));
  else if (!panel.clerk) sayRefused(act, t("panel.why.signInFirst") + t("fullStop"));
  else if (act === "resume" && situationOf(panel) !== "idle") sayRefused(act, t("panel.why.whenFree") + t("fullStop"));
  else questions.goOn(held);
}

function renderTop() {
  if (!panel) return;
  text(byId("top-window"), t("panel.window", { label: panel.window.label }));
  text(byId("top-services"), named(panel.window_name, panel.window_name_en));
  text(byId("top-hall"), named(panel.hall.name, panel.hall.name_en));
  text(byId("top-time"), hourMinute(clock.now(), zone()));
  attrs(byId("top-practice"), { hidden: !panel.hall.practice });
  const beside = panel.trainee ? `　${t("panel.trainee", { name: panel.trainee.name })}` : "";
  const clerk = panel.clerk ? `${panel.clerk.name}　${panel.clerk.id}${beside}` : t("panel.notSignedIn");
  const node = byId("top-clerk");
  if (node.textContent !== clerk) {
    fill(node, [shape("person"), document.createTextNode(clerk)]);
  }
}

function renderLink() {
  const node = byId("top-link");
  const since = status.sinceMs === null ? "" : hourMinute(status.sinceMs, zone());
  const words = {
    connecting: t("connecting"),
    live: t("panel.connected"),
    lost: t("lost", { time: since }),
    refused: t("panel.state.refused"),
  }[status.phase];
  if (node.textContent === words) return;
  fill(node, [shape(live() ? "disc" : "triangle"), document.createTextNode(words)]);
}

/** @param {{key: string, make: () => Node[]}} body */
function renderBody(body) {
  const node = byId("ticket-body");
  if (node.getAttribute("data-key") === body.key) return;
  node.setAttribute("data-key", body.key);
  fill(node, body.make());
}

function renderTicket() {
  const since = status.sinceMs === null ? "" : hourMinute(status.sinceMs, zone());
  if (status.phase === "refused") {
    const words = tCode(`panel.refused.${status.code}`, "panel.refused.unknown");
    renderTrouble(t("panel.state.refused"), "");
    renderBody(cardMessage(t("panel.refused"), words));
    return;
  }
  if (!panel) {
    renderTrouble(t("panel.state.connecting"), "");
    renderBody(cardMessage(t("panel.state.connecting"), ""));
    return;
  }
  const situation = situationOf(panel);
  if (status.phase === "lost") {
    renderTrouble(t("panel.state.lost", { time: since }), t("panel.since.lost"));
  } else {
    renderState(situation, panel, clock.now());
  }
  if (situation === "unstaffed") {
    signIn.update(panel.clerks);
    renderBody({ key: "sign-in", make: () => [signIn.node] });
  } else {
    renderBody(cardBody(situation, panel, clock.now()));
  }
}

/** @param {import("/pages/clerk/acts.js").Dominant} act @param {Panel} data @returns {string} */
function hintOf(act, data) {
  if (status.phase === "lost") return t("panel.hint.lost");
  if (pending && pending.shown) return t("panel.hint.pending");
  if (keys.question) return keys.question.title;
  if (act === "sign_in") {
    const { chosen } = signIn;
    return chosen ? t("panel.hint.sign_in", { name: chosen.name }) : t("panel.hint.sign_in.none");
  }
  if (act === "call_next" && data.suspended) return t("panel.since.suspended");
  if (act === "call_next" && !data.next) {
    return t(data.left_to.length ? "panel.hint.call_next.left" : "panel.hint.call_next.none");
  }
  if (act === "complete" && data.window.draining) return t("panel.hint.complete.close");
  if (act === "complete" && data.window.pause_after) return t("panel.hint.complete.pause");
  return t(`panel.hint.${act}`);
}

function renderButtons() {
  attrs(byId("dominant"), { hidden: !panel || status.phase === "refused" });
  attrs(byId("keys"), { hidden: !panel || status.phase === "refused" });
  if (!panel) return;
  const now = clock.now();
  if (keys.question && (!live() || !keys.question.still())) keys.ask(null);
  const act = DOMINANT[situationOf(panel)];
  const ready = !keys.question && (act !== "sign_in" || signIn.chosen !== null);
  renderDominant(actName(act), hintOf(act, panel), live() && ready, pending !== null && pending.shown);
  keys.render((secondary) => offerOf(secondary, panel, live(), now));
  undo.render(live() ? panel.undo : null, now);
}

function render() {
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-situation": panel ? situationOf(panel) : "connecting",
    "data-revision": view.revision,
    "data-question": keys.question ? keys.question.act : null,
    "data-practice": Boolean(panel && panel.hall.practice),
    // A press counts for nothing until the last one is answered and its state is shown.
    "data-waiting": String(waiting()),
  });
  renderTop();
  renderLink();
  renderTicket();
  renderButtons();
  if (panel) renderSide(panel, clock.now(), live(), goOn);
  // A question stands below the dominant button, whose hint says what is asked.
  sight.bring(keys.question ? byId("dominant") : byId("key-sheet").hidden ? null : byId("key-sheet"));
}

/** The ticket went away by another hand: cancelled by the citizen, or served from another device. */
function noticeElsewhere(/** @type {Panel} */ next) {
  if (!panel || !panel.current || pending || shownRevision < settling.revision) return;
  const { number, id } = panel.current.ticket;
  if (next.current && next.current.ticket.id === id) return;
  const ended = next.last && next.last.number === number ? next.last.state : "";
  say("done", tCode(`receipt.elsewhere.${ended}`, "receipt.elsewhere", { number }));
}

translatePage();
makeKeySheet();
const dominant = byId("dominant");
dominant.addEventListener("mousedown", (event) => event.preventDefault());
dominant.addEventListener("click", (event) => {
  // The second half of a double click would fall on the button's next meaning.
  if (event.detail <= 1) pressDominant();
});
listen({
  dominant: pressDominant,
  act: pressSecondary,
  undo: pressUndo,
  escape: back,
  erase: () => {
    if (!keys.erase()) back();
  },
  take: () => keys.take(),
  asking: () => keys.asking,
  names: () => Boolean(panel && situationOf(panel) === "unstaffed"),
  move: (step) => {
    if (!keys.question) return signIn.arrow(step);
    keys.move(step);
    return true;
  },
  digit: (n) => {
    if (!keys.question) return signIn.digit(n);
    keys.digit(n);
    return true;
  },
});

if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  feed = new Feed({
    hall,
    token,
    clock,
    onStatus: (next) => {
      status = next;
      sayPending();
      render();
    },
  });
  feed.subscribe({ view: "panel", window: windowId }, (/** @type {Panel} */ data, subscribed) => {
    view = subscribed;
    noticeElsewhere(data);
    panel = data;
    shownRevision = view.revision;
    const practice = data.hall.practice ? `${t("panel.practice.short")} ` : "";
    document.title = `${practice}${t("panel.window", { label: data.window.label })} ${t("panel.title")}`;
    render();
  });
  const before = kept.find();
  if (before) follow(before);
  feed.open();
}
render();
window.setInterval(render, TICK_MS);
