/**
 * The panel of one window. What is shown follows the feed alone; a press is sent, and until its answer
 * is here no other press counts. The server refuses what is not allowed and says why.
 */

import { Clock, hourMinute } from "/static/clock.js";
import { attrs, byId, fill, shape, text } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, t, tCode, translatePage } from "/static/words.js";
import { DOMINANT, offerOf, situationOf } from "/pages/clerk/acts.js";
import { cardBody, cardMessage, renderState, renderTrouble } from "/pages/clerk/card.js";
import { Keys, REASONS, reasonName, renderDominant } from "/pages/clerk/keys.js";
import { listen } from "/pages/clerk/keyboard.js";
import { accepted, refused } from "/pages/clerk/receipts.js";
import { Receipt } from "/pages/clerk/receipt.js";
import { makeKeySheet, renderSide, toggleKeySheet } from "/pages/clerk/side.js";
import { SignIn } from "/pages/clerk/signin.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/pages/clerk/acts.js").Act} Act */
/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */

/** An answer that comes sooner needs no word that it is on its way. */
const PENDING_SHOWN_MS = 300;
/** Longer than any change lags behind the answer to its command. */
const SETTLE_MS = 2000;
const TICK_MS = 250;

const [hall, windowId] = pathParts();
const token = takeToken();
const clock = new Clock();
const receipt = new Receipt();

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
const keys = new Keys({ act: pressSecondary, reason: pressReason, back });

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
 * @param {Act} act
 * @param {Object<string, string>} [args]
 */
function send(act, args) {
  if (!feed || waiting()) return;
  const mine = { act, shown: false };
  pending = mine;
  const number = panel && panel.current ? panel.current.ticket.number : "";
  const chosen = signIn.chosen;
  const context = { number, reason: (args && args.reason) || "", name: chosen ? chosen.name : "" };
  window.setTimeout(() => {
    mine.shown = true;
    if (pending === mine) sayPending();
    render();
  }, PENDING_SHOWN_MS);
  feed.command(Object.assign({ window: windowId, command: act }, args)).then((result) => {
    pending = null;
    if (result.ok === true) {
      // Nothing changes when nobody waits: then there is no revision to wait for.
      const changed = act !== "call_next" || Boolean(result.ticket);
      if (changed) settling = { revision: result.revision, untilMs: performance.now() + SETTLE_MS };
      if (act === "sign_in") signIn.keep();
      say("done", accepted(act, result, context));
    } else {
      sayRefused(act, refused(act, result.problem, panel));
    }
    render();
  });
  render();
}

function pressDominant() {
  if (!panel || !live() || keys.choosing) return;
  const act = DOMINANT[situationOf(panel)];
  if (act !== "sign_in") {
    send(act);
  } else if (signIn.chosen) {
    send(act, { clerk: signIn.chosen.id });
  } else {
    say("refused", t("panel.hint.sign_in.none"));
  }
}

/** @param {Secondary} act */
function pressSecondary(act) {
  if (act === "keys") {
    toggleKeySheet();
    return;
  }
  if (waiting()) return;
  const offer = offerOf(act, panel, live(), clock.now());
  if (!offer.enabled && !(offer.ask && live())) {
    sayRefused(act, offer.note + t("fullStop"));
  } else if (act !== "pause") {
    send(act);
  } else if (panel && panel.window.pause_after) {
    send("unpause");
  } else {
    keys.choose(!keys.choosing);
    render();
  }
}

function back() {
  if (!byId("key-sheet").hidden) toggleKeySheet();
  keys.choose(false);
  render();
}

/** @param {number} n from 1 */
function pressReason(n) {
  keys.choose(false);
  send("pause", { reason: reasonName(n) });
}

function renderTop() {
  if (!panel) return;
  text(byId("top-window"), t("panel.window", { label: panel.window.label }));
  text(byId("top-services"), named(panel.window_name, panel.window_name_en));
  text(byId("top-hall"), named(panel.hall.name, panel.hall.name_en));
  text(byId("top-time"), hourMinute(clock.now(), zone()));
  const clerk = panel.clerk ? `${panel.clerk.name}　${panel.clerk.id}` : t("panel.notSignedIn");
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
  if (keys.choosing) return t("panel.hint.choosing");
  if (act === "sign_in") {
    const { chosen } = signIn;
    return chosen ? t("panel.hint.sign_in", { name: chosen.name }) : t("panel.hint.sign_in.none");
  }
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
  if (keys.choosing && !offerOf("pause", panel, live(), now).enabled) keys.choose(false);
  const act = DOMINANT[situationOf(panel)];
  const ready = !keys.choosing && (act !== "sign_in" || signIn.chosen !== null);
  renderDominant(actName(act), hintOf(act, panel), live() && ready, pending !== null && pending.shown);
  keys.render((secondary) => offerOf(secondary, panel, live(), now));
}

function render() {
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-situation": panel ? situationOf(panel) : "connecting",
    "data-revision": view.revision,
    // A press counts for nothing until the last one is answered and its state is shown.
    "data-waiting": String(waiting()),
  });
  renderTop();
  renderLink();
  renderTicket();
  renderButtons();
  if (panel) renderSide(panel, clock.now());
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
  escape: back,
  choosing: () => keys.choosing,
  arrow: (step) => Boolean(panel && situationOf(panel) === "unstaffed" && signIn.arrow(step)),
  digit: (n) => {
    if (keys.choosing && n <= REASONS) {
      pressReason(n);
      return true;
    }
    return Boolean(panel && situationOf(panel) === "unstaffed" && signIn.digit(n));
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
    document.title = `${t("panel.window", { label: data.window.label })} ${t("panel.title")}`;
    render();
  });
  feed.open();
}
render();
window.setInterval(render, TICK_MS);
