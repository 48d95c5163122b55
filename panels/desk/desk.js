/**
 * The desk: numbers for others, tickets found again, papers looked at, helpers who go along. What is shown
 * follows the feed; every act goes over HTTP once, and the server says what is allowed.
 */

import { Clock, hourMinute } from "/static/clock.js";
import { attrs, byId, el, fill, text } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { Receipt } from "/static/receipt.js";
import { pathParts, takeToken } from "/static/token.js";
import { named, notDone, refusal, t, tCode, translatePage } from "/static/words.js";
import { Finder, renderAccompanied } from "/pages/desk/finder.js";
import { reconcile, refill } from "/pages/desk/form.js";
import { Presses } from "/pages/desk/press.js";
import { Services, TakeSheet, shareWords } from "/pages/desk/take.js";
import { TakenSheet } from "/pages/desk/taken.js";
import { TicketSheet } from "/pages/desk/ticketsheet.js";
import { renderFrame, sinceTime } from "/pages/floor/frame.js";

/** @typedef {import("/static/wire.js").Desk} Desk */
/** @typedef {import("/static/wire.js").Found} Found */
/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/pages/desk/form.js").Context} Context */
/** @typedef {import("/static/door.js").Result} Result */
/** @typedef {{key: string, head: HTMLElement, body: HTMLElement, foot: HTMLElement, update: () => boolean}} Content */

const TICK_MS = 1000;
const RETRY_MS = 5000;
/** An answer that comes sooner needs no word that it is on its way. */
const PENDING_SHOWN_MS = 300;
const ITEMS = 8;
const TYPED_MS = 250;

const [hall] = pathParts();
const token = takeToken();
const clock = new Clock();

/** @type {import("/static/feed.js").Status} */
let status = { phase: "connecting", sinceMs: null, code: null };
/** @type {Desk|null} */
let data = null;
let revision = -1;
/** Who this is, and what they may do. @type {{role: string, may: string[]}|null} */
let me = null;
let digest = "";
/** @type {Content|null} */
let content = null;
/** @type {import("/static/feed.js").View<any>|null} */
let following = null;

const receipt = new Receipt("receipt");
const presses = new Presses(hall, token || "", () => render());
const feed = new Feed({
  hall,
  token: token || "",
  clock,
  onStatus: (next) => {
    status = next;
    sayPending();
    render();
  },
});

function zone() {
  return data ? data.place.timezone : "Asia/Shanghai";
}

/** @param {"done"|"refused"|"pending"} kind @param {string} words */
function say(kind, words) {
  receipt.show(kind, words, clock.now(), zone());
}

/** Say of a press that is under way how it stands; the line may have broken meanwhile. */
function sayPending() {
  if (!presses.busy) return;
  say("pending", t(status.phase === "live" ? "receipt.pending" : "receipt.pendingLost", { act: presses.pending }));
}

/** @param {string} permission */
const may = (permission) => me !== null && me.may.indexOf(permission) >= 0;
const acting = () => may("find_tickets");

function hindrance() {
  if (status.phase !== "live") return t("desk.why.lost");
  return presses.busy ? t("desk.why.pending") : "";
}

/** @param {string} name @param {Result} result @param {string|((answer: any) => string)} done @returns {any} the answer, or null */
function told(name, result, done) {
  if (result.ok) {
    say("done", typeof done === "string" ? done : done(result.answer));
    return result.answer;
  }
  const { problem } = result;
  const why = problem.state === "share_used" ? t("desk.share.used") : problem.code === "not_arrived" ? t("desk.why.notArrived") : refusal(problem);
  say("refused", notDone(name, problem, why));
  return null;
}

/** @type {Context} */
const context = {
  desk: () => /** @type {Desk} */ (data),
  now: () => clock.now(),
  presses,
  may,
  hindrance,
  say,
  act: async (press, done) => {
    if (presses.busy) return null;
    const sent = presses.run(press);
    window.setTimeout(() => sayPending(), PENDING_SHOWN_MS);
    return told(press.name, await sent, done);
  },
  home: () => show(null),
  role: () => (me ? me.role : ""),
};

const finder = new Finder({
  ask: (body) => presses.ask("find/tickets", body),
  now: () => clock.now(),
  live: () => status.phase === "live",
  onPick: (found) => open(found),
});
const services = new Services(byId("services"), (service) => take(service, null));

// What stands on the right ----------------------------------------------------------------------

/** @param {Content|null} next */
function show(next) {
  content = next;
  fill(byId("sheet"), []);
  if (following) feed.unsubscribe(following);
  following = null;
  if (next) {
    const close = el("button", { type: "button", class: "close" }, t("desk.back"), el("kbd", { class: "cap" }, "Esc"));
    close.addEventListener("click", () => show(null));
    next.head.id = "sheet-title";
    fill(byId("sheet"), [el("header", { class: "sheet-head" }, next.head, close), next.body, next.foot]);
  }
  attrs(byId("sheet"), { hidden: next === null, "data-about": next ? next.key : null, "aria-labelledby": next ? "sheet-title" : null });
  attrs(byId("home"), { hidden: next !== null });
  render();
  if (next) {
    byId("sheet").focus({ preventScroll: true });
    byId("sheet").scrollIntoView({ block: "nearest" });
  }
}

/** Keep a ticket that is shown current. @param {string} id @param {(ticket: Ticket) => void} onTicket */
function follow(id, onTicket) {
  following = feed.subscribe(
    { view: "ticket", ticket: id },
    (/** @type {{ticket: Ticket}} */ view) => {
      if (view.ticket.id === id) onTicket(view.ticket);
      render();
    },
    () => {},
  );
}

/** @param {string} service @param {import("/pages/desk/take.js").Item|null} item */
function take(service, item) {
  if (!data || !acting()) return;
  show(new TakeSheet({ service, item }, context, taken, sentHome));
}

/** @param {Ticket} ticket */
function taken(ticket) {
  const sheet = new TakenSheet(ticket, context, (number) => pick(number, ticket.id));
  show(sheet);
  follow(ticket.id, (next) => {
    sheet.ticket = Object.assign({}, next, { links: ticket.links });
  });
}

/** @param {HTMLElement} slip */
function sentHome(slip) {
  const print = el("button", { type: "button", class: "act do-print" }, t("desk.do.print"));
  print.addEventListener("click", () => window.print());
  const next = el("button", { type: "button", class: "act do-next dominant" }, t("desk.do.next"));
  next.addEventListener("click", () => show(null));
  show({
    key: "slip",
    head: el("h2", { class: "sheet-title" }, t("desk.slip")),
    body: el("div", { class: "sheet-body" }, slip),
    foot: el("div", { class: "sheet-foot" }, next, print),
    update: () => true,
  });
}

/** @param {Found} found */
function open(found) {
  const sheet = new TicketSheet(found, context, () => again(sheet));
  show(sheet);
  follow(found.ticket.id, (ticket) => {
    const before = sheet.found.ticket;
    const moved = ticket.state !== before.state || ticket.class !== before.class || ticket.prechecked_ms !== before.prechecked_ms || ticket.service !== before.service || ticket.item !== before.item;
    sheet.take(ticket);
    finder.replace(sheet.found);
    if (moved) again(sheet);
  });
}

/** Look anew for what only the desk is told of a ticket, until somebody answers. @param {TicketSheet} sheet */
async function again(sheet) {
  if (content !== sheet) return;
  const { id, number } = sheet.found.ticket;
  const result = await presses.ask("find/tickets", { number });
  if (!result.ok) {
    window.setTimeout(() => again(sheet), RETRY_MS);
    return;
  }
  /** @type {Found|undefined} */
  const found = result.answer.tickets.find((/** @type {Found} */ one) => one.ticket.id === id);
  if (!found) return;
  sheet.found = found;
  finder.replace(found);
  render();
}

/** @param {string} number @param {string} [id] */
async function pick(number, id) {
  const result = await presses.ask("find/tickets", { number });
  if (!result.ok) return;
  /** @type {Found[]} */
  const all = result.answer.tickets;
  const found = all.find((one) => (id ? one.ticket.id === id : one.ticket.number === number));
  if (found) open(found);
}

// Matters ----------------------------------------------------------------------------------------

let typing = 0;
/** @type {import("/pages/desk/take.js").Item[]} */
let items = [];

byId("item-text").addEventListener("input", () => {
  window.clearTimeout(typing);
  typing = window.setTimeout(async () => {
    const q = /** @type {HTMLInputElement} */ (byId("item-text")).value.trim();
    const result = q ? await presses.ask(`items?limit=${ITEMS}&q=${encodeURIComponent(q)}`, null) : null;
    items = result && result.ok ? result.answer.items : [];
    render();
  }, TYPED_MS);
});

/** @param {Desk} desk */
function renderItems(desk) {
  attrs(byId("items-part"), { hidden: !desk.items });
  reconcile(byId("items"), items, (one) => one.code, (one) => {
    const button = el("button", { type: "button", class: "item-row", "data-item": one.code });
    button.addEventListener("click", () => take(one.service, one));
    return el("li", {}, button);
  }, (node, one) => {
    const service = desk.services.find((each) => each.service === one.service);
    refill(/** @type {HTMLElement} */ (node.firstElementChild), one.name, () => [el("strong", {}, named(one.name, one.name_en)), el("span", {}, service ? named(service.name, service.name_en) : "")]);
  });
}

// What stands there ------------------------------------------------------------------------------

/** What stands above everything: why there is nothing, or that what is shown is old, or stands still. */
function bannerWords() {
  if (status.phase === "refused") return tCode(`desk.refused.${status.code}`, "desk.refused.unknown");
  if (!data) return t("connecting");
  if (status.phase === "lost") return t("desk.stale", { time: sinceTime(status, zone()) });
  if (data.suspended) return t("desk.suspended", { reason: named(data.suspended.reason, data.suspended.reason_en) || t("desk.noReason") });
  return data.day_closed ? t("desk.dayClosed") : "";
}

function renderTop() {
  renderFrame(status, zone(), t("desk.off"), bannerWords());
  if (!data) return;
  text(byId("top-hall"), `${named(data.place.name, data.place.name_en)}　${t("desk.title")}`);
  text(byId("top-time"), hourMinute(clock.now(), zone()));
  text(byId("top-share"), shareWords(data, "issued"));
  const { passed, lacking } = data.prechecks;
  text(byId("top-checks"), passed + lacking ? t("desk.checked", { passed, lacking }) : "");
}

function render() {
  attrs(byId("page"), {
    "data-phase": status.phase,
    "data-revision": revision,
    "data-waiting": String(presses.busy),
    "data-acting": String(acting()),
    "data-sheet": content ? content.key : "home",
  });
  attrs(byId("desk"), { hidden: data === null || status.phase === "refused" });
  renderTop();
  if (!data || status.phase === "refused") return;
  attrs(byId("find-button"), { "aria-disabled": status.phase === "live" ? null : "true" });
  const shown = content instanceof TicketSheet ? content.found.ticket.id : "";
  finder.render(data, shown);
  renderAccompanied(data, (number) => pick(number));
  services.render(data, clock.now(), acting() && status.phase === "live");
  renderItems(data);
  if (content && !content.update()) show(null);
}

// Beginning --------------------------------------------------------------------------------------

/** Read who this is, until it is known. @param {string} wanted digest of the configuration */
async function learn(wanted) {
  if (wanted === digest) return;
  digest = wanted;
  const result = await presses.ask("", null);
  if (result.ok) {
    me = { role: result.answer.role, may: result.answer.may };
    render();
  } else if (digest === wanted) {
    digest = "";
    window.setTimeout(() => learn(wanted), RETRY_MS);
  }
}

/** Go on with a press that an earlier life of this page did not see answered. */
async function goOn() {
  const kept = presses.kept();
  if (!kept) return;
  const sent = presses.goOn(kept);
  sayPending();
  const answer = told(kept.name, await sent, (found) => (found.ticket ? t("desk.done", { number: found.ticket.number, act: kept.name }) : t("desk.done.plain", { act: kept.name })));
  if (answer && answer.ticket && kept.path === "tickets") taken(answer.ticket);
  else if (answer && answer.ticket) pick(answer.ticket.number, answer.ticket.id);
}

// The token goes along in the fragment, and stands in no link that a photo of the screen could show.
byId("list-link").addEventListener("click", () => {
  window.open(`/desk/${encodeURIComponent(hall)}/list${location.search}#token=${token || ""}`, "_blank");
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !content) return;
  event.preventDefault();
  show(null);
});

translatePage();
/** @type {HTMLInputElement} */ (byId("find-text")).placeholder = t("desk.find.placeholder");
/** @type {HTMLInputElement} */ (byId("item-text")).placeholder = t("desk.items.placeholder");
if (token === null) {
  status = { phase: "refused", sinceMs: null, code: "none" };
} else {
  let first = true;
  feed.subscribe({ view: "desk" }, (/** @type {Desk} */ next, view) => {
    data = next;
    revision = view.revision;
    document.title = `${named(next.place.name, next.place.name_en)} ${t("desk.title")}`;
    learn(next.config_digest);
    render();
    if (first) {
      first = false;
      goOn();
    }
  });
  feed.open();
}
render();
window.setInterval(render, TICK_MS);
