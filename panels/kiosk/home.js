/** The first page: what can be taken a number for, and how long each takes now. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { lang, named, t } from "/static/words.js";
import { arrange } from "/pages/kiosk/arrange.js";
import { card, nowOf } from "/pages/kiosk/services.js";

/** @typedef {import("/static/wire.js").Entrance} Entrance */
/** @typedef {import("/static/wire.js").EntranceService} EntranceService */
/** @typedef {import("/pages/kiosk/arrange.js").Section} Section */

/** Services that have cards: the one of the desk for what came to nothing has a button of its own. @param {Entrance} data */
export function servicesOf(data) {
  const desk = data.unresolved ? data.unresolved.service : "";
  return data.services.filter((one) => one.service !== desk);
}

/** @param {EntranceService[]} services @returns {Section[]} */
function sectionsOf(services) {
  /** @type {Map<string, EntranceService[]>} */
  const themes = new Map();
  services.forEach((service) => {
    const theme = named(service.theme, service.theme_en);
    themes.set(theme, (themes.get(theme) || []).concat(service));
  });
  return Array.from(themes).map(([theme, found]) => ({ theme, services: found }));
}

/** Height that is left for cards, in pixels of the drawing. @param {boolean} wide */
function roomFor(wide) {
  const main = byId("main");
  const unit = wide ? window.innerHeight / 1080 : window.innerWidth / 1080;
  const below = parseFloat(getComputedStyle(main).paddingBottom);
  const used = byId("services").getBoundingClientRect().top + main.scrollTop - main.getBoundingClientRect().top;
  return (main.clientHeight - used - below) / unit;
}

export class Home {
  constructor() {
    this.page = 0;
    this.pages = 1;
    /** What stands there. @type {EntranceService[]} */
    this.shown = [];
  }

  /**
   * @param {Entrance} data
   * @param {number} now server time
   * @param {{elder: boolean, priority: boolean, withReader: boolean}} how
   */
  render(data, now, { elder, priority, withReader }) {
    booked(data, withReader);
    text(byId("question"), t(elder ? "kiosk.question.elder" : "kiosk.question"));
    attrs(byId("wish"), { hidden: !priority });
    const wide = window.innerWidth > window.innerHeight;
    const { pages, low } = arrange(sectionsOf(servicesOf(data)), { elder, wide, room: roomFor(wide) });
    this.pages = Math.max(1, pages.length);
    this.page = Math.min(this.page, this.pages - 1);
    attrs(byId("pager"), { hidden: this.pages === 1 });
    attrs(byId("before"), { disabled: this.page === 0 });
    attrs(byId("after"), { disabled: this.page === this.pages - 1 });
    text(byId("page-number"), t("tv.page", { n: this.page + 1, total: this.pages }));
    const sections = pages[this.page] || [];
    this.shown = sections.reduce((/** @type {EntranceService[]} */ found, one) => found.concat(one.services), []);
    const nows = this.shown.map((one) => [one.service, one.name, nowOf(one, now, data.place.timezone)]);
    const key = JSON.stringify([elder, this.page, low, sections.map((one) => one.theme), nows]);
    // Not while a finger may be on them: a card that is replaced loses its press.
    if (byId("services").getAttribute("data-key") === key) return;
    attrs(byId("services"), { "data-key": key, "data-low": low });
    const made = sections.map(({ theme, services }) => {
      const found = services.map((one) => card(one, nowOf(one, now, data.place.timezone), elder));
      if (elder) return found;
      return [el("section", { class: "theme" }, ...(theme ? [el("h3", {}, theme)] : []), el("div", { class: "grid" }, ...found))];
    });
    refresh(made.reduce((all, one) => all.concat(one), []).concat(elder ? [other()] : []));
  }
}

/** For the elderly: what is not listed is somebody's who helps. */
function other() {
  const what = el("span", { class: "what" }, el("strong", { class: "name" }, t("kiosk.other")));
  return el("button", { type: "button", class: "service", "data-other": true }, what, el("span", { class: "queue" }, t("kiosk.otherHint")), shape("arrow"));
}

/** @param {Entrance} data @param {boolean} withReader */
function booked(data, withReader) {
  text(byId("booked-title"), t(withReader ? "kiosk.booked.card" : "kiosk.booked"));
  text(byId("booked-text"), t(withReader ? "kiosk.booked.cardHint" : "kiosk.bookedHint"));
  attrs(byId("booked"), { hidden: !data.services.some((one) => one.bookable) });
  const key = `${lang} ${withReader}`;
  if (byId("booked-where").getAttribute("data-key") === key) return;
  attrs(byId("booked-where"), { "data-key": key });
  fill(byId("booked-sign"), [shape("idcard")]);
  fill(byId("booked-where"), [shape(withReader ? "down" : "arrow"), el("span", {}, t(withReader ? "kiosk.layCard" : "kiosk.press"))]);
}

/** The parts of a card that change while it stands. */
const CHANGING = [".name", ".queue strong", ".queue span", ".why"];

/** Whether one card can become the other by its words alone. @param {Element} here @param {Element} there */
function alike(here, there) {
  const same = (/** @type {(node: Element) => unknown} */ ask) => ask(here) === ask(there);
  return same((node) => node.getAttribute("data-service")) && same((node) => node.tagName) && same((node) => node.childElementCount) && same((node) => node.querySelector(".queue") !== null);
}

/** Put new cards there; one that is the same stays, so that a press on it is not lost. @param {HTMLElement[]} next */
function refresh(next) {
  const there = document.createElement("div");
  fill(there, next);
  const before = Array.from(byId("services").querySelectorAll(".service, h3"));
  const after = Array.from(there.querySelectorAll(".service, h3"));
  if (before.length !== after.length || !before.every((node, n) => alike(node, after[n]) && (node.tagName !== "H3" || node.textContent === after[n].textContent))) {
    fill(byId("services"), next);
    return;
  }
  before.forEach((node, n) => {
    CHANGING.forEach((part) => {
      const [old, made] = [node.querySelector(part), after[n].querySelector(part)];
      if (old && made) text(old, made.textContent || "");
    });
  });
}
