/** 找业务: what somebody came for, found by touch: by the letters of its name, or by going through what each service does. */

import { attrs, byId, el, fill, text } from "/static/dom.js";
import { lang, named, t } from "/static/words.js";
import { LETTERS, following, initialsOf, knowsPinyin } from "/pages/kiosk/initials.js";
import { nowOf } from "/pages/kiosk/services.js";

/** @typedef {import("/static/wire.js").EntranceService} EntranceService */
/** @typedef {import("/static/wire.js").Item} Item */
/** @typedef {{name: string, service: EntranceService, item: Item|null, initials: string[][]}} Matter */

const MAX_LETTERS = 8;
/** Ways of dealing with a matter for which a number is taken. */
const BY_NUMBER = ["window", "remote"];

export class Find {
  constructor() {
    /** Matters of the hall; empty until they have come. @type {Item[]} */
    this.items = [];
    this.letters = "";
    /** The service whose matters are listed; empty: of all. */
    this.service = "";
    this.page = 0;
    /** What `_known` was made for. */
    this._key = "";
    /** @type {{service: string, item: Item|null, initials: string[][]}[]} */
    this._known = [];
  }

  /** As for whoever comes next. */
  forget() {
    this.letters = "";
    this.service = "";
    this.page = 0;
  }

  /** @param {string} letter a letter; `back` takes the last one away */
  type(letter) {
    this.letters = letter === "back" ? this.letters.slice(0, -1) : (this.letters + letter).slice(0, MAX_LETTERS);
    this.page = 0;
  }

  /** @param {string} service */
  choose(service) {
    this.service = service;
    this.page = 0;
  }

  /** One step back; false: there is none. */
  back() {
    if (!this.letters && !this.service) return false;
    this.forget();
    return true;
  }

  /**
   * Everything that can be found: each service by what it is called, and its matters.
   * @param {EntranceService[]} services
   * @returns {Matter[]}
   */
  _all(services) {
    const key = `${lang} ${this.items.length} ${services.map((one) => one.service).join()}`;
    if (this._key !== key) {
      this._key = key;
      const initials = (/** @type {string[]} */ names) => names.filter(Boolean).map(initialsOf);
      this._known = services
        .map((one) => ({ service: one.service, item: /** @type {Item|null} */ (null), initials: initials(lang === "zh" ? [one.name, one.everyday, ...one.examples] : [one.name_en || one.name]) }))
        .concat(this.items.map((item) => ({ service: item.service, item, initials: initials([named(item.name, item.name_en)]) })));
    }
    const byCode = new Map(services.map((one) => [one.service, one]));
    return this._known.reduce((/** @type {Matter[]} */ found, one) => {
      const service = byCode.get(one.service);
      if (service) found.push({ name: named((one.item || service).name, (one.item || service).name_en), service, item: one.item, initials: one.initials });
      return found;
    }, []);
  }

  /**
   * @param {EntranceService[]} services
   * @param {{now: number, timezone: string, wide: boolean}} moment
   */
  render(services, { now, timezone, wide }) {
    const all = this._all(services).filter((one) => !this.service || one.service.service === this.service);
    const may = new Set();
    const fitting = all.filter((one) =>
      one.initials.reduce((fits, initials) => {
        const next = following(initials, this.letters);
        Array.from(next || "").forEach((letter) => may.add(letter));
        return fits || next !== null;
      }, false),
    );
    const chosen = services.find((one) => one.service === this.service);
    text(byId("find-title"), chosen ? named(chosen.name, chosen.name_en) : t("kiosk.findTitle"));
    const bare = !this.letters && !this.service;
    text(byId("find-hint"), t(!bare ? "kiosk.findPress" : knowsPinyin || lang === "en" ? "kiosk.findHint" : "kiosk.findHint.browse"));
    text(byId("sought"), this.letters.toUpperCase().padEnd(MAX_LETTERS, "_"));
    attrs(byId("find-typed"), { hidden: !(knowsPinyin || lang === "en") });
    this._letters(may);
    const each = (wide ? 3 : 2) * (wide ? 2 : 5);
    const rows = bare ? services.map((one) => group(one, all)) : fitting.map((one) => matter(one, now, timezone));
    const pages = Math.max(1, Math.ceil(rows.length / each));
    this.page = Math.min(this.page, pages - 1);
    attrs(byId("find-before"), { disabled: this.page === 0 });
    attrs(byId("find-after"), { disabled: this.page === pages - 1 });
    text(byId("find-page"), t("tv.page", { n: this.page + 1, total: pages }));
    const shown = rows.slice(this.page * each, this.page * each + each);
    const key = shown.map((one) => one.outerHTML).join("");
    // Not while a finger may be on them: what is replaced loses its press.
    if (byId("matters").getAttribute("data-key") === key) return;
    attrs(byId("matters"), { "data-key": key, "data-count": rows.length });
    fill(byId("matters"), shown);
  }

  /** Only letters that lead somewhere can be pressed. @param {Set<string>} may */
  _letters(may) {
    const keys = byId("letters");
    if (!keys.firstChild) {
      fill(keys, Array.from(LETTERS).map((letter) => el("button", { type: "button", "data-letter": letter }, letter.toUpperCase())).concat(el("button", { type: "button", class: "wide", "data-letter": "back" }, t("kiosk.erase"))));
    }
    Array.from(keys.children).forEach((node) => {
      const letter = node.getAttribute("data-letter") || "";
      attrs(node, { disabled: letter === "back" ? this.letters === "" : !may.has(letter) || this.letters.length === MAX_LETTERS });
    });
  }
}

/** A service and how much it does. @param {EntranceService} service @param {Matter[]} all */
function group(service, all) {
  const count = all.filter((one) => one.item && one.service.service === service.service).length;
  const words = lang === "zh" && service.everyday ? service.everyday : "";
  const what = el("span", { class: "what" }, el("strong", {}, named(service.name, service.name_en)), ...(words ? [el("span", {}, words)] : []));
  return el("button", { type: "button", class: "matter", "data-group": service.service }, what, el("span", { class: "queue" }, count ? t(count === 1 ? "kiosk.findOne" : "kiosk.findCount", { n: count }) : ""));
}

/** What a number can be taken for, or why not. @param {Matter} one @param {number} now @param {string} timezone */
function matter(one, now, timezone) {
  const { open, people, wait, why } = nowOf(one.service, now, timezone);
  const elsewhere = one.item !== null && !one.item.channels.some((way) => BY_NUMBER.indexOf(way) >= 0);
  const where = named(one.service.name, one.service.name_en);
  const may = open && !elsewhere;
  const under = elsewhere ? t("kiosk.elsewhere") : open ? (one.item ? where : "") : why;
  const what = el("span", { class: "what" }, el("strong", {}, one.name), ...(under ? [el("span", { class: may ? null : "why" }, under)] : []));
  if (!may) return el("div", { class: "matter closed" }, what);
  const code = one.item ? `item ${one.item.code}` : `service ${one.service.service}`;
  return el("button", { type: "button", class: "matter", "data-matter": code }, what, el("span", { class: "queue" }, el("strong", {}, people), el("span", {}, wait)));
}
