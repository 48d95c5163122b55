/** The rating on a ticket's page: five levels, reasons for a bad one, a few words; put away where it is not wanted. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { levelButtons } from "/static/faces.js";
import { named, refusal, t } from "/static/words.js";

/** @typedef {import("/static/wire.js").TicketRating} TicketRating */
/** @typedef {TicketRating["steps"][number]} RateableStep */
/** @typedef {import("/pages/tv/screen.js").Screen<any>} PhoneScreen */

/** Another one got it in meanwhile, or this very press did before the line broke. */
const RATED = ["limit_reached", "idempotency_conflict"];

/** @param {string} key @returns {boolean} */
function isPutAway(key) {
  try {
    return localStorage.getItem(key) !== null;
  } catch (error) {
    return false; // a browser that keeps nothing asks again
  }
}

/** @param {string} key */
function putAway(key) {
  try {
    localStorage.setItem(key, "1");
  } catch (error) {
    // It is put away as long as the page stands.
  }
}

export class PhoneRating {
  /** @param {PhoneScreen} screen @param {string} ticket */
  constructor(screen, ticket) {
    this._screen = screen;
    this._ticket = ticket;
    /** What the choices are of. @type {RateableStep|null} */
    this._asked = null;
    this._level = 0;
    /** @type {Set<string>} */
    this._chosen = new Set();
    this._sending = false;
    /** @type {Set<string>} */
    this._away = new Set();
    this._thanks = false;
    fill(byId("levels"), levelButtons((level) => this._choose(level)));
    byId("rating-skip").addEventListener("click", () => this._skip());
    byId("rating-submit").addEventListener("click", () => this._submit());
  }

  /** What a completion is known by, also when the one before it at the step was taken back. @param {RateableStep} asked */
  _key(asked) {
    return `callq.rating:${this._ticket}/${asked.step}/${asked.before}`;
  }

  /** @param {number} level */
  _choose(level) {
    if (this._sending) return;
    this._level = level;
    text(byId("rating-said"), "");
    this._screen.render();
  }

  _skip() {
    if (this._sending || !this._asked) return;
    putAway(this._key(this._asked));
    this._away.add(this._key(this._asked));
    this._thanks = false;
    this._screen.render();
  }

  _submit() {
    const asked = this._asked;
    if (this._sending || !asked || this._level === 0 || !this._screen.live || !this._screen.feed) return;
    this._sending = true;
    const words = /** @type {HTMLTextAreaElement} */ (byId("rating-text"));
    const command = { ticket: this._ticket, command: "rate", step: asked.step, before: asked.before, level: this._level, reasons: Array.from(this._chosen), text: words.value.trim() };
    this._screen.feed.command(command, { key: `rate-${this._ticket}-${asked.step}-${asked.before}` }).then((result) => {
      this._sending = false;
      if (result.ok === true || RATED.indexOf(result.problem.code) >= 0) {
        this._away.add(this._key(asked));
        this._thanks = true;
        words.value = "";
      }
      text(byId("rating-said"), result.ok === true || this._thanks ? "" : refusal(result.problem));
      this._screen.render();
    });
    this._screen.render();
  }

  /** @param {TicketRating|null} rating what can be rated; null: nothing, or it is not the moment */
  render(rating) {
    const now = this._screen.clock.now();
    const steps = rating ? rating.steps.filter((one) => now < one.until_ms && !this._away.has(this._key(one)) && !isPutAway(this._key(one))) : [];
    const first = steps[0];
    const node = byId("rating");
    attrs(node, { hidden: !(first || (rating && this._thanks)), "data-step": first ? first.step : null });
    attrs(byId("rating-hint"), { hidden: !first });
    attrs(byId("levels"), { hidden: !first });
    attrs(byId("rating-skip"), { hidden: !first, "aria-disabled": this._sending ? "true" : null });
    if (!rating || !first) {
      attrs(byId("rating-more"), { hidden: true });
      attrs(byId("rating-submit"), { hidden: true });
      text(byId("rating-title"), this._thanks ? t("rating.thanks") : "");
      return;
    }
    if (!this._asked || this._key(first) !== this._key(this._asked)) {
      this._asked = first;
      this._level = 0;
      this._chosen = new Set();
    }
    text(byId("rating-title"), t("phone.rate", { service: named(first.service_name, first.service_name_en) }));
    byId("levels").querySelectorAll("button").forEach((button) => {
      attrs(button, { "aria-pressed": String(Number(button.getAttribute("data-level")) === this._level) });
    });
    const why = this._level > 0 && this._level <= rating.bad && rating.reasons.length > 0;
    attrs(byId("rating-more"), { hidden: this._level === 0 });
    attrs(byId("reasons"), { hidden: !why });
    attrs(byId("reasons-title"), { hidden: !why });
    if (!why) this._chosen = new Set();
    this._renderReasons(rating);
    attrs(byId("rating-submit"), { hidden: this._level === 0, "aria-disabled": this._sending || !this._screen.live ? "true" : null });
    text(byId("rating-submit"), t(this._sending ? "phone.rate.sending" : "phone.rate.submit"));
  }

  /** @param {TicketRating} rating */
  _renderReasons(rating) {
    const list = byId("reasons");
    const key = rating.reasons.map((one) => one.code).join();
    if (list.getAttribute("data-key") !== key) {
      attrs(list, { "data-key": key });
      fill(
        list,
        rating.reasons.map((one) => {
          const button = el("button", { type: "button", class: "reason", "data-reason": one.code }, shape("tick"), el("span", {}, named(one.name, one.name_en)));
          button.addEventListener("click", () => {
            if (!this._chosen.delete(one.code)) this._chosen.add(one.code);
            this._screen.render();
          });
          return button;
        }),
      );
    }
    list.querySelectorAll("button").forEach((button) => {
      attrs(button, { "aria-pressed": String(this._chosen.has(button.getAttribute("data-reason") || "")) });
    });
  }
}
