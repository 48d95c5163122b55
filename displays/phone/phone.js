/** A ticket on its holder's phone: how many are ahead, where to go, what to do next. Nothing of anybody else. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { pathParts } from "/static/token.js";
import { reasonOf } from "/static/standstill.js";
import { waitRange } from "/static/waits.js";
import { named, placed, refusal, t, tCode } from "/static/words.js";
import { renderLink } from "/pages/tv/header.js";
import { Screen } from "/pages/tv/screen.js";
import { digitsWide, setFit, setNumber } from "/pages/tv/size.js";
import { Buzzer } from "/pages/phone/buzzer.js";
import { PhoneRating } from "/pages/phone/rating.js";

/** @typedef {import("/static/wire.js").TicketView} TicketView */

/** So few people ahead: time to come back. */
const NEAR = 3;
const PEOPLE_DRAWN = 4;
const MAY_CANCEL = ["waiting", "called", "held", "missed"];
const OVER = ["done", "cancelled", "abandoned", "expired"];

const [hall, id] = pathParts();
const buzzer = new Buzzer();
/** @type {Screen<TicketView>} */
const screen = new Screen(hall, { view: "ticket", ticket: id }, render);
const rating = new PhoneRating(screen, id);
/** @type {"no"|"ask"|"sent"} */
let cancelling = "no";
let receipt = "";

/** @param {TicketView} view */
const isNear = ({ ticket }) => ticket.state === "waiting" && typeof ticket.ahead === "number" && ticket.ahead <= NEAR;

/** Where to wait or to go: the floor says most. @param {TicketView} view */
function placeWords({ place }) {
  const floor = placed(place.zone_place, place.zone_place_en, place.zone_name_en);
  return [floor, named(place.zone_name, place.zone_name_en)].filter(Boolean).join(t("gap"));
}

/** Tickets that are out are served: whoever has one has to know that, and whom to ask. @param {TicketView} view */
const stoppedWords = ({ stopped, stopped_en: english }) => [named(stopped || "", english), t("phone.stoppedHint")].filter(Boolean).join("\n");

/** What stands at the top, over everything; null: nothing. */
function banner() {
  const { data } = screen;
  if (screen.status.phase === "lost") {
    return { kind: "lost", sign: "triangle", title: t("lost", { time: screen.since }), words: t("phone.stale", { time: screen.since }) };
  }
  if (!data) return null;
  if (data.suspended && OVER.indexOf(data.state) < 0) {
    return { kind: "suspended", sign: "octagon", title: t("tv.suspended"), words: [reasonOf(data.suspended), t("phone.suspendedHint")].filter(Boolean).join("\n") };
  }
  if (data.stopped && data.state === "waiting" && !isNear(data)) {
    return { kind: "stopped", sign: "triangle", title: t("phone.stopped"), words: stoppedWords(data) };
  }
  if (!isNear(data)) return null;
  const zone = named(data.place.zone_name, data.place.zone_name_en);
  return { kind: "near", sign: "bell", title: t(zone ? "phone.near" : "phone.nearHere", { zone }), words: t(`phone.buzz.${buzzer.state}`) };
}

function renderBanner() {
  const shown = banner();
  const node = byId("banner");
  attrs(node, { hidden: shown === null, "data-kind": shown ? shown.kind : null });
  if (!shown) return;
  if (byId("banner-sign").getAttribute("data-sign") !== shown.sign) {
    attrs(byId("banner-sign"), { "data-sign": shown.sign });
    fill(byId("banner-sign"), [shape(/** @type {import("/static/dom.js").Shape} */ (shown.sign))]);
  }
  text(byId("banner-title"), shown.title);
  setFit(byId("banner-title"), shown.title, [10.1]);
  text(byId("banner-text"), shown.words);
}

/** @param {TicketView} view */
function renderCall(view) {
  const { ticket } = view;
  const label = view.window_label || "";
  text(byId("call-title"), t(ticket.state === "serving" ? "phone.servingAt" : "phone.called"));
  text(byId("call-label"), label);
  attrs(byId("call-label"), { "data-len": Math.max(2, Math.min(6, Math.ceil(digitsWide(label)))) });
  setNumber(byId("call-number"), ticket.number);
  const calledMs = ticket.called_ms;
  const time = calledMs ? hourMinute(calledMs, screen.timezone) : "";
  const words = ticket.calls > 1 ? "phone.calledAgain" : "phone.calledAt";
  text(byId("call-count"), ticket.state === "called" && time ? t(words, { time, n: ticket.calls }) : "");
}

/** @param {TicketView} view */
function renderTicket(view) {
  const { ticket } = view;
  const waiting = ticket.state === "waiting";
  const ahead = typeof ticket.ahead === "number" ? ticket.ahead : null;
  text(byId("service"), named(view.service_name, view.service_name_en));
  setNumber(byId("number"), ticket.number);
  text(byId("state"), waiting ? "" : tCode(`phone.state.${ticket.state}`, "phone.serving"));
  attrs(byId("facts"), { hidden: !waiting || ahead === null });
  attrs(byId("line"), { hidden: !waiting || ahead === null });
  if (!waiting || ahead === null) return;
  const range = view.suspended ? null : waitRange(ticket.wait || null);
  figure("ahead", ahead === 0 ? null : String(ahead), t(ahead === 0 ? "phone.next" : ahead === 1 ? "phone.person" : "phone.people"));
  const unknown = t(view.suspended ? "phone.standing" : ahead === 0 ? "phone.soon" : "wait.unknown");
  figure("wait", range, range ? t("phone.minutes") : unknown);
  const drawn = ahead > PEOPLE_DRAWN ? PEOPLE_DRAWN - 1 : ahead;
  if (byId("line").getAttribute("data-ahead") === String(ahead)) return;
  attrs(byId("line"), { "data-ahead": ahead });
  const people = Array.from({ length: drawn }, () => shape("person"));
  const more = ahead > drawn ? [el("span", { class: "more" }, `+${ahead - drawn}`)] : [];
  fill(byId("line"), [el("strong", {}, t("phone.window")), ...people, ...more, el("span", { class: "dash" }), el("strong", { class: "you" }, t("phone.you"))]);
}

/** A figure and its unit, or words alone. @param {string} node @param {string|null} value @param {string} unit */
function figure(node, value, unit) {
  const key = `${value} ${unit}`;
  if (byId(node).getAttribute("data-key") === key) return;
  attrs(byId(node), { "data-key": key });
  const figures = value === null ? [] : [el("strong", { "data-len": value.length }, value), el("span", {}, unit)];
  fill(byId(node), value === null ? [el("span", { class: "words" }, unit)] : figures);
}

/** @param {TicketView} view */
function renderWhere(view) {
  const { state } = view;
  const called = state === "called" || state === "serving";
  const words = placeWords(view);
  const directions = named(view.directions, view.directions_en);
  attrs(byId("where"), { hidden: !(called || state === "waiting") || !(words || (called && directions)) });
  text(byId("where-title"), t(called ? "phone.way" : "phone.where"));
  text(byId("where-place"), words);
  text(byId("where-text"), called ? directions : t("phone.whereHint"));
}

/** What to do next where the number itself no longer says it. @param {TicketView} view @returns {string} */
function nextStep(view) {
  const { ticket, rejoin } = view;
  const label = view.window_label || "";
  if (ticket.state === "missed") {
    return t(`phone.missed.${rejoin.policy}`, { minutes: rejoin.minutes, k: rejoin.k, label });
  }
  if (ticket.state === "held") {
    const until = ticket.held_until_ms;
    const words = tCode(`phone.held.${ticket.hold_kind}`, "phone.held.waiting", { label });
    return until ? `${words}\n${t("phone.heldUntil", { time: hourMinute(until, screen.timezone) })}` : words;
  }
  if (ticket.state === "expired" && ticket.come_back_until) {
    return t("phone.comeBack", { day: ticket.come_back_until });
  }
  return tCode(`phone.next.${ticket.state}`, "phone.next.done");
}

/** @param {TicketView} view @returns {string[]} */
function hintsOf(view) {
  const { ticket, rejoin } = view;
  const hints = [];
  const { visit } = ticket;
  if (visit && visit.steps.length > 1) hints.push(t("phone.visit", { n: visit.current + 1, total: visit.steps.length }));
  if (ticket.state === "waiting") {
    if (view.stopped && isNear(view)) hints.push(t("phone.stoppedWhy", { reason: named(view.stopped, view.stopped_en) }));
    // The banner of those who are near says it already.
    if (!isNear(view)) hints.push(t(`phone.keepOpen.${buzzer.state}`));
    hints.push(t("phone.mayChange"));
  }
  if (ticket.state === "waiting" || ticket.state === "called") {
    hints.push(t(`phone.ifMissed.${rejoin.policy}`, { minutes: rejoin.minutes, k: rejoin.k }));
  }
  return hints;
}

/** @param {TicketView|null} view */
function renderActs(view) {
  const may = view !== null && MAY_CANCEL.indexOf(view.state) >= 0;
  if (!may) cancelling = "no";
  const phone = view ? view.contact.phone : "";
  const asking = may && cancelling !== "no";
  attrs(byId("acts"), { hidden: !may && !phone });
  attrs(byId("cancel"), { hidden: !may || asking });
  attrs(byId("keep"), { hidden: !asking, "aria-disabled": cancelling === "sent" ? "true" : null });
  attrs(byId("confirm"), { hidden: !asking, "aria-disabled": cancelling === "sent" || !screen.live ? "true" : null });
  attrs(byId("contact"), { hidden: asking || !phone, href: phone ? `tel:${phone.replace(/[^0-9+]/g, "")}` : null });
  text(byId("contact"), t("phone.contact", { phone }));
  attrs(byId("ask"), { hidden: !asking });
  text(byId("ask"), asking && view ? t("phone.cancelAsk", { number: view.ticket.number }) : "");
  text(byId("receipt"), cancelling === "sent" ? t("phone.cancelSent") : receipt);
}

/** What stands there instead of a ticket. @returns {string[]} title and words */
function instead() {
  const { phase, code } = screen.status;
  if (phase !== "refused") return [t("connecting"), t("phone.connectingHint")];
  return [tCode(`phone.refused.${code}`, "phone.refused"), tCode(`phone.refusedHint.${code}`, "phone.refusedHint")];
}

/** @param {TicketView|null} view */
function titleOf(view) {
  if (!view) return t("phone.title");
  const { ticket } = view;
  const label = view.window_label || "";
  if (ticket.state === "called") return t("phone.title.called", { number: ticket.number, label });
  if (isNear(view)) return t("phone.title.near", { number: ticket.number });
  return t("phone.title.number", { number: ticket.number });
}

function render() {
  const view = screen.status.phase === "refused" ? null : screen.data;
  const state = view ? view.state : "none";
  const atWindow = state === "called" || state === "serving";
  attrs(byId("page"), { "data-state": state });
  document.title = titleOf(view);
  renderBanner();
  attrs(byId("call"), { hidden: !atWindow });
  attrs(byId("ticket"), { hidden: view === null || atWindow });
  const told = view !== null && !atWindow && state !== "waiting";
  attrs(byId("message"), { hidden: view !== null && !told });
  attrs(byId("where"), { hidden: view === null });
  if (view) {
    text(byId("hall"), named(view.place.name, view.place.name_en));
    renderCall(view);
    renderTicket(view);
    renderWhere(view);
    text(byId("message-title"), told ? t("phone.whatNext") : "");
    text(byId("message-text"), told ? nextStep(view) : "");
  } else {
    const [title, words] = instead();
    text(byId("hall"), t("phone.title"));
    text(byId("message-title"), title);
    text(byId("message-text"), words);
  }
  const hints = view ? hintsOf(view) : [];
  if (byId("hints").getAttribute("data-key") !== hints.join()) {
    attrs(byId("hints"), { "data-key": hints.join() });
    fill(byId("hints"), hints.map((hint) => el("li", {}, hint)));
  }
  rating.render(view && !atWindow ? view.rating || null : null);
  renderActs(view);
  // The time beside the word, since whoever waits looks at nothing else.
  if (screen.live) renderLink(true, `${t("live")} ${hourMinute(screen.clock.now(), view ? view.place.timezone : screen.timezone)}`);
  return view ? view.place.timezone : undefined;
}

byId("cancel").addEventListener("click", () => {
  cancelling = "ask";
  receipt = "";
  screen.render();
  byId("keep").focus();
});
byId("keep").addEventListener("click", () => {
  if (cancelling === "sent") return;
  cancelling = "no";
  screen.render();
});
byId("confirm").addEventListener("click", () => {
  if (cancelling !== "ask" || !screen.live || !screen.feed) return;
  cancelling = "sent";
  screen.render();
  screen.feed.command({ ticket: id, command: "cancel" }).then((result) => {
    cancelling = "no";
    receipt = result.ok ? "" : refusal(result.problem);
    screen.render();
  });
});
buzzer.onChange = () => screen.render();
screen.open((view) => {
  const { ticket } = view;
  if (ticket.state === "called") buzzer.tell(`called ${ticket.calls}`, "called");
  else buzzer.tell(isNear(view) ? "near" : ticket.state, isNear(view) ? "near" : null);
}, false);
