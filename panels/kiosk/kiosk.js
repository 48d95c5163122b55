/** The kiosk: one press takes a number; what stands there is what the hall says now. */

import { dateParts, hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { pathParts } from "/static/token.js";
import { isIssuing } from "/static/waits.js";
import { lang, named, t, tCode } from "/static/words.js";
import { Screen } from "/pages/tv/screen.js";
import { setNumber } from "/pages/tv/size.js";
import { suspendedWords } from "/pages/tv/suspended.js";
import { renderDesk } from "/pages/kiosk/desk.js";
import { Find } from "/pages/kiosk/find.js";
import { Home, servicesOf } from "/pages/kiosk/home.js";
import { Idle } from "/pages/kiosk/idle.js";
import { Presses } from "/pages/kiosk/press.js";
import { dianyipai } from "/pages/kiosk/readers/dianyipai.js";
import { huashi } from "/pages/kiosk/readers/huashi.js";
import { jieyu } from "/pages/kiosk/readers/jieyu.js";
import { Watch } from "/pages/kiosk/readers/watch.js";
import { bookingIn, listen, ticketIn } from "/pages/kiosk/scanner.js";
import { nameOf, nowOf } from "/pages/kiosk/services.js";
import { hush, maySpeak, speak } from "/pages/kiosk/speech.js";
import { mayReprint, pageOf, renderTicket } from "/pages/kiosk/ticket.js";

/** @typedef {import("/static/wire.js").Entrance} Entrance */
/** @typedef {import("/static/wire.js").PrinterNow} PrinterNow */
/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/static/wire.js").BookingRow} BookingRow */
/** @typedef {{service: string}|{item: string}} Wanted a service, or one matter of it */
/** @typedef {"home"|"checkin"|"find"|"desk"|"message"|"whose"|"ticket"} Mode */

/** @type {Mode[]} */
const MODES = ["home", "checkin", "find", "desk", "message", "whose", "ticket"];

/** A touch that began on the view before must not act on the one that has just come. */
const SETTLE_MS = 500;
/** So long an order to this device waits for whoever is at it. */
const FREE_WITHIN_MS = 20000;
const LOOK_MS = 250;
const BOOKING_LENGTH = 10;
/** Letters of a booking's number: none that is mistaken for another. */
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** @type {Object<string, import("/pages/kiosk/readers/card.js").Reader>} */
const READERS = { huashi, jieyu, dianyipai };

/** Beside the words of the buttons at the bottom. @type {Object<string, import("/static/dom.js").Shape>} */
const SIGNS = { "find-open": "search", rejoin: "again", aloud: "sound", help: "bell", unresolved: "person" };

const asked = new URLSearchParams(location.search);
const [hall] = pathParts();
const reader = READERS[asked.get("reader") || ""] || null;
/** @type {Presses|null} */
let presses = null;
/** @type {PrinterNow[]} */
let printers = [];
/** @type {Mode} */
let mode = "home";
let shownMs = performance.now();
let elder = false;
let priority = false;
let typed = "";
let printersKnown = false;
let readerThere = false;
let told = { title: "", words: "" };
/** @type {BookingRow[]} */
let bookings = [];
/** @type {Ticket|null} */
let ticket = null;
let link = "";
/** A number that an earlier press took, unseen; whoever stands there says whether it is theirs. @type {{ticket: Ticket, wanted: Wanted}|null} */
let unseen = null;
let reprinting = false;
/** Why it was not printed again; empty: it was not asked for, or it was. */
let notAgain = "";
/** Somebody scanned while another's number stands there. */
let doneFirst = false;
/** The booking that brought the number. */
let checkedIn = "";

const front = new Home();
const finding = new Find();
/** @type {Screen<Entrance>} */
const screen = new Screen(hall, { view: "entrance" }, render);
const idle = new Idle({ onAsk: askStill, onLeft: leave, onCome: forgetPresses });

/** @param {Mode} next */
function go(next) {
  mode = next;
  shownMs = performance.now();
  hush();
  if (next !== "ticket") ticket = null;
  if (next !== "whose") unseen = null;
  notAgain = "";
  doneFirst = false;
  screen.render();
  byId("main").focus();
}

function home() {
  typed = "";
  checkedIn = "";
  bookings = [];
  finding.forget();
  told = { title: "", words: "" };
  go("home");
}

function forgetPresses() {
  if (presses) presses.forget();
}

/** As it was, for whoever comes next. */
function leave() {
  forgetPresses();
  askStill(null);
  elder = false;
  priority = false;
  front.page = 0;
  home();
  if (lang !== "zh") switchLanguage("zh");
}

/** @param {number|null} seconds */
function askStill(seconds) {
  const opens = seconds !== null && byId("still").hidden;
  attrs(byId("still"), { hidden: seconds === null });
  if (seconds !== null) text(byId("still-text"), t("kiosk.stillHint", { n: seconds }));
  if (opens) byId("stay").focus();
}

/** @param {string} title @param {string} words */
function tell(title, words) {
  told = { title, words };
  go("message");
}

/** The printer of this kiosk: the one of its address, or the only one there is. */
function printer() {
  const wanted = asked.get("printer");
  if (wanted) return printers.find((one) => one.id === wanted) || null;
  return printers.length === 1 ? printers[0] : null;
}

/** @param {Object<string, any>} body @returns {Object<string, any>} */
function printed(body) {
  const here = printer();
  return here ? Object.assign(body, { printer: here.id }) : body;
}

/** What goes with the number, for whoever serves and for the paper. @returns {import("/pages/kiosk/ticket.js").Wish[]} */
function traits() {
  /** @type {import("/pages/kiosk/ticket.js").Wish[]} */
  const wishes = [];
  if (priority) wishes.push("wants_priority");
  if (lang === "en") wishes.push("english");
  return wishes;
}

/** Take what a press brings. @param {Promise<import("/pages/kiosk/press.js").Taken>} sent @param {Wanted} [wanted] where it takes a number */
async function take(sent, wanted) {
  tell(t("kiosk.taking"), t("kiosk.takingHint"));
  const result = await sent;
  if (!result.ok) {
    const { problem } = result;
    if (problem.code === "unconfirmed") tell(t("kiosk.noAnswer"), t("kiosk.noAnswerHint"));
    else tell(t("kiosk.refused"), tCode(`kiosk.refused.${problem.code}`, "refused.other", { code: problem.code }));
    return;
  }
  if (!result.before || !wanted) {
    show(result.answer.ticket);
    return;
  }
  go("whose");
  unseen = { ticket: result.answer.ticket, wanted };
  screen.render();
}

/** The number that was taken unseen is theirs: as if it had been answered at once. */
function isMine() {
  if (!unseen || !presses || !screen.live) return;
  const taken = unseen.ticket;
  presses.settle("tickets", unseen.wanted);
  show(taken);
  if (printer() && (!taken.print || taken.print.state === "failed")) reprint();
}

/** It is somebody else's, and stays valid. */
function isNotMine() {
  if (!unseen || !presses || !screen.live) return;
  const { wanted } = unseen;
  presses.settle("tickets", wanted);
  issue(wanted);
}

/** Show a number, and follow what becomes of it. @param {Ticket} taken */
function show(taken) {
  go("ticket");
  ticket = taken;
  link = pageOf(taken);
  if (screen.feed) {
    screen.feed.subscribe(
      { view: "ticket", ticket: taken.id },
      (/** @type {import("/static/wire.js").TicketView} */ data) => {
        if (!ticket || ticket.id !== data.ticket.id) return;
        if (JSON.stringify(ticket.print) !== JSON.stringify(data.ticket.print)) notAgain = "";
        ticket = data.ticket;
        screen.render();
      },
      () => {},
    );
  }
  screen.render();
}

/** @param {Wanted} wanted */
function issue(wanted) {
  if (!presses || presses.busy || !screen.live) return;
  take(presses.send("tickets", printed(Object.assign({ traits: traits() }, wanted))), wanted);
}

/** All matters of the hall, a page after the other; without an answer those of before stay. */
async function readItems() {
  /** @type {import("/static/wire.js").Item[]} */
  const found = [];
  for (let after = ""; presses; ) {
    const result = await presses.ask(`items?limit=500${after && `&after=${after}`}`);
    if (!result.ok) return;
    found.push(...result.answer.items);
    after = result.answer.next;
    if (!after) break;
  }
  finding.items = found;
  screen.render();
}

function find() {
  go("find");
  readItems();
}

/** @param {string} booking */
function checkIn(booking) {
  if (!presses || presses.busy || !screen.live) return;
  checkedIn = booking;
  take(presses.send(`bookings/${booking}/commands`, printed({ command: "check_in", traits: traits() })));
}

/** @param {string} id */
function rejoin(id) {
  if (!presses || presses.busy || !screen.live) return;
  take(presses.send(`tickets/${id}/commands`, { command: "rejoin" }));
}

/** Whose bookings there are today. @param {string} idNo */
async function findBookings(idNo) {
  if (!presses) return;
  tell(t("kiosk.looking"), "");
  const result = await presses.ask("find/bookings", { person: { id_no: idNo } });
  if (mode !== "message") return;
  if (!result.ok) {
    tell(t("kiosk.noAnswer"), t("kiosk.noAnswerHint"));
    return;
  }
  const now = screen.clock.now();
  const today = dateParts(now, screen.timezone).date;
  /** @type {BookingRow[]} */
  const found = result.answer.bookings;
  bookings = found.filter((one) => one.state === "booked" && dateParts(one.slot_ms, screen.timezone).date === today);
  if (bookings.length === 1) checkIn(bookings[0].id);
  else if (bookings.length === 0) tell(t("kiosk.noBooking"), t("kiosk.noBookingHint"));
  else go("checkin");
}

/** Whether somebody could lay a card down. */
const mayCard = () => (mode === "home" || mode === "checkin" || mode === "ticket") && screen.live && presses !== null && !presses.busy;

/** @param {boolean} there @param {string} why */
function readerIs(there, why) {
  if (screen.device) screen.device.set("reader_absent", !there, there ? "" : `${asked.get("reader")}: ${why}`);
  if (readerThere === there) return;
  readerThere = there;
  screen.render();
}

/** The number that stands there is not taken away from whoever reads it. */
function sayDoneFirst() {
  doneFirst = true;
  screen.render();
}

/** @param {string} idNo @returns {Promise<boolean>} */
async function onCard(idNo) {
  if (mode === "ticket") {
    sayDoneFirst();
    return false;
  }
  idle.see();
  await findBookings(idNo);
  return true;
}

/** Whether somebody is at it, or was a moment ago. */
function inUse() {
  return mode !== "home" || elder || priority || lang !== "zh" || front.page > 0;
}

/** Nothing takes the page from whoever is taking a number. */
async function whenFree() {
  const began = performance.now();
  while (inUse()) {
    if (performance.now() - began > FREE_WITHIN_MS) throw new Error("somebody is using it");
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
  }
}

/** @param {string} next */
function switchLanguage(next) {
  const query = new URLSearchParams(location.search);
  if (next === "zh") query.delete("lang");
  else query.set("lang", next);
  const words = query.toString();
  location.replace(location.pathname + (words ? `?${words}` : ""));
}

// What stands there ------------------------------------------------------------------------------

/** What keeps everybody from taking a number; null: nothing. @returns {string[]|null} */
function stopped() {
  const { data, status } = screen;
  if (status.phase === "refused") return [t("kiosk.off"), screen.refusal];
  if (status.phase === "lost") return [t("kiosk.lost"), t("kiosk.lostHint")];
  if (!data) return [t("connecting"), t("kiosk.connectingHint")];
  return data.suspended && [t("tv.suspended"), suspendedWords(data.suspended, data.place.timezone)];
}

function renderCheckin() {
  const choosing = bookings.length > 0;
  text(byId("checkin-title"), t(choosing ? "kiosk.choose" : "kiosk.checkin"));
  text(byId("checkin-text"), t(choosing ? "kiosk.chooseHint" : readerThere ? "kiosk.checkinHint.card" : "kiosk.checkinHint"));
  attrs(byId("typed"), { hidden: choosing });
  attrs(byId("keys"), { hidden: choosing });
  text(byId("typed"), typed.toUpperCase().replace(/^(.{5})(?=.)/, "$1-").padEnd(BOOKING_LENGTH + 1, "_"));
  if (!byId("keys").firstChild) {
    const letters = LETTERS.split("").map((letter) => el("button", { type: "button", "data-letter": letter }, letter.toUpperCase()));
    fill(byId("keys"), letters.concat(
      el("button", { type: "button", class: "wide", "data-letter": "back" }, t("kiosk.erase")),
      el("button", { type: "button", class: "wide", "data-letter": "go" }, t("kiosk.confirm")),
    ));
  }
  const key = bookings.map((one) => one.id).join();
  if (byId("bookings").getAttribute("data-key") === key) return;
  attrs(byId("bookings"), { "data-key": key });
  const services = screen.data ? screen.data.services : [];
  fill(byId("bookings"), bookings.map((one) => {
    const service = services.find((each) => each.service === one.service);
    return el("button", { type: "button", "data-booking": one.id }, el("strong", {}, service ? nameOf(service, elder) : one.service), el("span", {}, hourMinute(one.slot_ms, screen.timezone)));
  }));
}

/** @param {Entrance|null} data @param {boolean} stands whether nobody can take a number now */
function renderFoot(data, stands) {
  const atHome = mode === "home" && !stands;
  ["find-open", "rejoin", "unresolved"].forEach((id) => attrs(byId(id), { hidden: !atHome || elder }));
  attrs(byId("aloud"), { hidden: !(mode === "home" && elder && maySpeak()) });
  attrs(byId("help"), { hidden: mode === "ticket" || mode === "whose" || !data, class: elder && atHome ? "dominant" : null });
  attrs(byId("back"), { hidden: mode === "home" || mode === "ticket" || (presses !== null && presses.busy) });
  ["find-before", "find-page", "find-after"].forEach((id) => attrs(byId(id), { hidden: mode !== "find" || stands }));
  ["not-mine", "mine"].forEach((id) => attrs(byId(id), { hidden: mode !== "whose" || stands }));
  attrs(byId("done"), { hidden: mode !== "ticket" });
  const may = ticket !== null && mayReprint(ticket.print || null, screen.live);
  attrs(byId("again"), { hidden: mode !== "ticket" || !ticket || !ticket.print, disabled: !may || reprinting });
  if (mode === "ticket") text(byId("countdown"), doneFirst ? t("kiosk.doneFirst") : t("kiosk.doneHint", { n: idle.leftS }));
}

function renderTrouble() {
  const here = printer();
  const fault = here ? here.fault : "";
  const none = printers.length > 0 && !here && screen.data !== null;
  const absent = printersKnown && !here && (printers.length > 0 || asked.has("printer"));
  if (screen.device) screen.device.set("printer_absent", absent, asked.get("printer") || printers.map((one) => one.id).join(" "));
  const words = fault ? t("kiosk.noPaper", { why: tCode(`kiosk.fault.${fault}`, "kiosk.fault.error") }) : none ? t("kiosk.noPrinter") : "";
  attrs(byId("trouble"), { hidden: words === "" || mode !== "home" });
  text(byId("trouble"), words);
}

/** @param {Entrance} data @param {Ticket} taken */
function renderWhose(data, taken) {
  const service = data.services.find((one) => one.service === taken.service);
  text(byId("whose-service"), service ? nameOf(service, elder) : taken.service);
  setNumber(byId("whose-number"), taken.number);
}

function render() {
  const { data } = screen;
  const now = screen.clock.now();
  const over = mode === "ticket" ? null : stopped();
  const stands = over !== null;
  const shown = stands && !(mode === "message" && presses !== null && presses.busy) ? "message" : mode;
  attrs(byId("page"), { "data-mode": shown, "data-elder": elder, "data-priority": priority });
  MODES.forEach((name) => attrs(byId(name), { hidden: name !== shown }));
  const words = stands && over && shown === "message" && !(presses !== null && presses.busy) ? over : [told.title, told.words];
  text(byId("message-title"), words[0]);
  text(byId("message-text"), words[1]);
  attrs(byId("language"), { hidden: elder || mode === "ticket" });
  attrs(byId("elder"), { hidden: mode === "ticket" });
  text(byId("elder"), t(elder ? "kiosk.ordinary" : "kiosk.elder"));
  // Before the cards: how many there is room for depends on what stands around them.
  renderTrouble();
  renderFoot(data, stands);
  if (data) {
    text(byId("hall"), named(data.place.name, data.place.name_en));
    const { date, weekday } = dateParts(now, data.place.timezone);
    text(byId("date"), `${date} ${weekday}`);
    text(byId("time"), hourMinute(now, data.place.timezone));
    const wide = window.innerWidth > window.innerHeight;
    attrs(byId("priority"), { "aria-pressed": priority ? "true" : "false" });
    if (shown === "home") front.render(data, now, { elder, priority, withReader: reader !== null && readerThere });
    if (shown === "find") finding.render(servicesOf(data), { now, timezone: data.place.timezone, wide });
    if (shown === "desk") renderDesk(data, now);
    if (shown === "checkin") renderCheckin();
    if (shown === "ticket" && ticket) renderTicket(ticket, link, ticket.print || null, data, { live: screen.live, notAgain, wishes: traits() });
    if (shown === "whose" && unseen) renderWhose(data, unseen.ticket);
  }
  return data ? data.place.timezone : undefined;
}

// What is pressed --------------------------------------------------------------------------------

/** @param {string} id @param {() => void} act */
function onTap(id, act) {
  byId(id).addEventListener("click", () => {
    if (performance.now() - shownMs >= SETTLE_MS) act();
  });
}

/** @param {string} id @param {string} name @param {(value: string) => void} act */
function onChoice(id, name, act) {
  byId(id).addEventListener("click", (event) => {
    const node = event.target instanceof Element ? event.target.closest(`button[data-${name}]`) : null;
    if (node && performance.now() - shownMs >= SETTLE_MS) act(node.getAttribute(`data-${name}`) || "");
  });
}

/** @param {string} letter */
function type(letter) {
  if (letter === "back") typed = typed.slice(0, -1);
  else if (letter !== "go") typed = (typed + letter).slice(0, BOOKING_LENGTH);
  else if (typed.length === BOOKING_LENGTH) checkIn(typed);
  screen.render();
}

function readAloud() {
  const { data } = screen;
  if (!data) return;
  const now = screen.clock.now();
  const lines = front.shown.map((service) => {
    const { open, people, wait, why } = nowOf(service, now, data.place.timezone);
    return [nameOf(service, true)].concat(open ? [people, wait] : [why]).join(t("comma"));
  });
  speak([t("kiosk.question.elder")].concat(lines).join(t("fullStop")));
}

function help() {
  const { data } = screen;
  const phone = data ? data.contact.phone : "";
  tell(t("kiosk.helpTitle"), [t("kiosk.helpDesk"), phone ? t("kiosk.helpPhone", { phone }) : ""].filter(Boolean).join("\n"));
}

function again() {
  if (ticket && mayReprint(ticket.print || null, screen.live)) reprint();
}

function reprint() {
  if (!ticket || !screen.feed || reprinting) return;
  reprinting = true;
  notAgain = "";
  screen.render();
  const asked = ticket.id;
  screen.feed.command(printed({ ticket: asked, command: "reprint" })).then((result) => {
    reprinting = false;
    if (result.ok === true) {
      if (ticket && result.ticket && result.ticket.id === ticket.id) ticket = result.ticket;
    } else if (ticket && ticket.id === asked) {
      const { code } = result.problem;
      const why = code === "unconfirmed" ? t("kiosk.noAnswer") : tCode(`kiosk.refused.${code}`, "refused.other", { code });
      notAgain = t("kiosk.notAgain", { why });
    }
    screen.render();
  });
}

/** @param {string} code */
function issueOf(code) {
  const found = screen.data ? screen.data.services.find((one) => one.service === code) : null;
  if (found && !found.needs_precheck && isIssuing(found.ticketing, screen.clock.now())) issue({ service: code });
}

onChoice("services", "service", issueOf);
onChoice("desk-service", "service", issueOf);
onChoice("services", "other", help);
onChoice("letters", "letter", (letter) => {
  finding.type(letter);
  screen.render();
});
onChoice("matters", "group", (service) => {
  finding.choose(service);
  screen.render();
});
onChoice("matters", "matter", (code) => {
  const [kind, what] = code.split(" ");
  issue(kind === "item" ? { item: what } : { service: what });
});
onChoice("keys", "letter", type);
onChoice("bookings", "booking", checkIn);
onTap("booked", () => go("checkin"));
onTap("priority", () => {
  priority = !priority;
  screen.render();
});
onTap("rejoin", () => tell(t("kiosk.rejoinTitle"), t("kiosk.rejoinHint")));
onTap("help", help);
onTap("aloud", readAloud);
onTap("find-open", find);
onTap("unresolved", () => go("desk"));
onTap("back", () => {
  if (mode !== "find" || !finding.back()) home();
  else screen.render();
});
onTap("again", again);
onTap("mine", isMine);
onTap("not-mine", isNotMine);
onTap("done", leave);
onTap("elder", () => {
  elder = !elder;
  front.page = 0;
  home();
});
onTap("language", () => switchLanguage(lang === "zh" ? "en" : "zh"));
/** @param {string} id @param {{page: number}} what @param {number} by */
function onTurn(id, what, by) {
  onTap(id, () => {
    what.page += by;
    screen.render();
  });
}

onTurn("before", front, -1);
onTurn("after", front, 1);
onTurn("find-before", finding, -1);
onTurn("find-after", finding, 1);
// A finger that stays asks a desktop for a menu and is no click there; here it presses what it is on.
document.addEventListener("contextmenu", (event) => {
  event.preventDefault();
  const held = event.target instanceof Element ? event.target.closest("button") : null;
  if (held && event instanceof PointerEvent && event.pointerType === "touch") held.click();
});
byId("stay").addEventListener("click", () => idle.touch());

listen((scanned) => {
  const missed = ticketIn(scanned);
  const booking = bookingIn(scanned);
  if (mode === "ticket") {
    const same = (ticket && missed === ticket.id) || (booking !== null && booking === checkedIn);
    if ((missed || booking) && !same) sayDoneFirst();
    return;
  }
  idle.touch();
  if (missed) rejoin(missed);
  else if (booking) checkIn(booking);
});

Object.entries(SIGNS).forEach(([id, name]) => byId(id).prepend(shape(name)));
screen.onTick = () => idle.tick(inUse());
screen.deviceKind = "kiosk";
screen.whenFree = whenFree;
screen.open(undefined, false, (feed, token) => {
  presses = new Presses(hall, token, () => screen.revision);
  feed.subscribe({ view: "printers" }, (/** @type {{printers: PrinterNow[]}} */ data) => {
    printers = data.printers;
    printersKnown = true;
    screen.render();
  });
});
if (reader) new Watch(reader, { wanted: mayCard, onCard, onThere: readerIs }).run();
