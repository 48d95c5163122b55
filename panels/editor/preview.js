/**
 * The side: what the draft would change and do, what is wrong with it, and putting it in force by a second press. All of
 * it is what the server says of exactly this draft.
 */

import { el, fill, shape } from "/static/dom.js";
import { onPress, onSecondPress } from "/static/press.js";
import { t } from "/static/words.js";
import { mistakeSaid, said } from "/pages/editor/catalogue.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */
/** @typedef {{line: number, column: number|null, key: string, message: string, hint: string, message_zh: string, hint_zh: string}} Mistake */
/** @typedef {{section: string, id: string, kind: string, text: string, text_en: string}} Change */
/** @typedef {{code: string, text: string, text_en: string}} Told */
/**
 * @typedef {Object} Check
 * @property {boolean} ok
 * @property {Mistake[]} errors
 * @property {Mistake[]} warnings
 * @property {Object<string, any>|null} config
 * @property {string} toml
 * @property {string|null} digest
 * @property {Change[]} changes
 * @property {Told[]} refused
 * @property {Told[]} at_once
 * @property {Told[]} later
 * @property {string} in_force
 */

/**
 * @typedef {Object} Acts
 * @property {(key: string) => void} go focus what a mistake is about
 * @property {(change: Change) => void} goTo show what changed
 * @property {(reason: string) => void} apply
 * @property {() => string} hindrance why nothing can be put in force now; empty: it can
 */

const MOST = 80;

export class Preview {
  /** @param {HTMLElement} node @param {Context} context @param {Acts} acts */
  constructor(node, context, acts) {
    this._node = node;
    this._context = context;
    this._acts = acts;
    /** @type {Check|null} */
    this.check = null;
    /** The version of the draft that `check` is about. */
    this.of = -1;
    this._armed = false;
    this._reason = "";
    this._key = "";
  }

  /** Whether what is shown is about the draft as it stands. */
  get current() {
    return this.check !== null && this.of === this._context.draft.version;
  }

  /** @param {Check|null} check @param {number} version */
  show(check, version) {
    this.check = check;
    this.of = version;
    this.draw();
  }

  /** A reason to begin with, e.g. of an undo. @param {string} words */
  suggest(words) {
    this._reason = words;
    this._armed = false;
    this._key = "";
  }

  /** Put aside what was begun. */
  disarm() {
    this._armed = false;
    this._reason = "";
    this._key = "";
  }

  draw() {
    const { draft } = this._context;
    const dirty = draft.dirty;
    const hindrance = this._acts.hindrance();
    const key = JSON.stringify([draft.version, this.of, this._armed, dirty, hindrance, draft.clashes.length, draft.kept]);
    if (key === this._key) return;
    this._key = key;
    if (!dirty) this._armed = false;
    const focused = document.activeElement && this._node.contains(document.activeElement) ? document.activeElement.id : "";
    fill(this._node, [
      el("h2", {}, t("editor.preview")),
      ...this._clashes(),
      ...(dirty ? this._found() : [el("p", { class: "none" }, t("editor.preview.none"))]),
      ...(dirty && this._context.may() ? this._acting(hindrance) : []),
    ]);
    const again = focused && document.getElementById(focused);
    if (again) again.focus();
  }

  /** What somebody else changed, too. @returns {HTMLElement[]} */
  _clashes() {
    const { draft } = this._context;
    if (draft.clashes.length === 0) return [];
    const shown = (/** @type {any} */ value) => (value === undefined ? t("editor.none") : typeof value === "object" ? JSON.stringify(value).slice(0, 120) : String(value));
    return [
      el(
        "div",
        { class: "clashes", role: "group", "aria-label": t("editor.clash") },
        el("p", {}, shape("triangle"), el("strong", {}, t("editor.clash"))),
        ...draft.clashes.map((clash) => {
          const theirs = el("button", { type: "button", class: "act do-theirs" }, t("editor.clash.theirs"));
          const mine = el("button", { type: "button", class: "act do-mine" }, t("editor.clash.mine"));
          theirs.addEventListener("click", () => {
            draft.takeTheirs(clash);
            this._context.again();
          });
          mine.addEventListener("click", () => draft.settle(clash));
          return el(
            "div",
            { class: "clash" },
            el("p", {}, t("editor.clash.both", { what: this._named(clash.path), mine: shown(clash.mine), theirs: shown(clash.theirs) })),
            el("div", { class: "tools" }, theirs, mine),
          );
        }),
      ),
    ];
  }

  /** @param {string[]} path names and codes */
  _named(path) {
    const top = this._context.catalogue.table(this._context.catalogue.root).fields.find((field) => field.key === path[0]);
    return [top ? said(top) : path[0]].concat(path.slice(1)).join(" · ");
  }

  /** @returns {HTMLElement[]} */
  _found() {
    const check = this.check;
    if (!check || !this.current) return [el("p", { class: "none" }, t("editor.preview.checking"))];
    /** @type {HTMLElement[]} */
    const parts = [];
    if (check.errors.length > 0) {
      parts.push(this._part("errors", t("editor.errors", { n: check.errors.length }), "octagon", check.errors.slice(0, MOST).map((one) => this._mistake(one))));
    }
    if (check.refused.length > 0) parts.push(this._part("refused", t("editor.refusedNow"), "octagon", check.refused.map((one) => el("span", {}, said(one, "text")))));
    if (check.at_once.length > 0) parts.push(this._part("at-once", t("editor.atOnce"), "triangle", check.at_once.map((one) => el("span", {}, said(one, "text")))));
    if (check.later.length > 0) parts.push(this._part("later", t("editor.later"), "clock", check.later.map((one) => el("span", {}, said(one, "text")))));
    parts.push(this._part("changes", t("editor.changes", { n: check.changes.length }), "arrow", check.changes.slice(0, MOST).map((one) => this._change(one))));
    if (check.changes.length > MOST) parts.push(el("p", { class: "none" }, t("editor.more", { n: check.changes.length - MOST })));
    if (check.warnings.length > 0) {
      parts.push(this._part("warnings", t("editor.warnings", { n: check.warnings.length }), "triangle", check.warnings.slice(0, MOST).map((one) => this._mistake(one))));
    }
    return parts;
  }

  /** @param {string} name @param {string} words @param {import("/static/dom.js").Shape} drawn @param {HTMLElement[]} rows */
  _part(name, words, drawn, rows) {
    return el("section", { class: `part ${name}`, "aria-label": words }, el("h3", {}, shape(drawn), words), el("ul", {}, ...rows.map((row) => el("li", {}, row))));
  }

  /** @param {Mistake} one */
  _mistake(one) {
    const where = one.key ? this._context.catalogue.told(one.key, this._context.draft.data) : t("editor.wholeFile");
    const button = el("button", { type: "button", class: "mistake", "data-key": one.key }, el("strong", {}, where), el("span", {}, t("editor.said", mistakeSaid(one))));
    button.addEventListener("click", () => this._acts.go(one.key));
    return button;
  }

  /** @param {Change} change */
  _change(change) {
    const words = el("button", { type: "button", class: "mistake" }, said(change, "text"));
    words.addEventListener("click", () => this._acts.goTo(change));
    if (!this._context.may() || change.kind === "moved") return el("span", { class: "change" }, words);
    const back = el("button", { type: "button", class: "act small do-revert", "aria-label": t("editor.revertThis", { what: said(change, "text") }) }, t("editor.revert"));
    back.addEventListener("click", () => {
      this._context.draft.revert(change.section, change.id);
      this._context.again();
      this._node.focus();
    });
    return el("span", { class: "change" }, words, back);
  }

  /** @param {string} hindrance @returns {HTMLElement[]} */
  _acting(hindrance) {
    const discard = el("button", { type: "button", class: "act do-discard", id: "do-discard" }, t("editor.discard"));
    onSecondPress(discard, t("editor.discardSure"), () => {
      this._context.draft.discard();
      this.disarm();
      this._context.again();
      this._context.say(t("editor.discarded"));
    });
    const kept = this._context.draft.kept ? t("editor.kept") : t("editor.notKept");
    if (!this._armed) {
      const apply = el("button", { type: "button", class: "act filled do-apply", id: "do-apply", "aria-disabled": hindrance ? "true" : null }, t("editor.apply"));
      onPress(apply, () => {
        const now = this._acts.hindrance();
        if (now) {
          this._context.say(now);
          return;
        }
        this._armed = true;
        this.draw();
        const field = document.getElementById("reason");
        if (field) field.focus();
      });
      return [el("div", { class: "acting" }, el("p", { class: "about" }, hindrance || kept), el("div", { class: "tools" }, apply, discard))];
    }
    const reason = /** @type {HTMLInputElement} */ (el("input", { type: "text", id: "reason", maxlength: 200, autocomplete: "off" }));
    reason.value = this._reason;
    reason.addEventListener("input", () => {
      this._reason = reason.value;
    });
    const sure = el("button", { type: "button", class: "act filled do-sure", id: "do-sure" }, t("editor.applySure"));
    const wait = el("button", { type: "button", class: "act do-not-yet" }, t("editor.notYet"));
    const press = () => {
      const now = this._acts.hindrance() || (this._reason.trim() ? "" : t("editor.needReason"));
      if (now) {
        this._context.say(now);
        reason.focus();
      } else this._acts.apply(this._reason.trim());
    };
    onPress(sure, press);
    reason.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && !event.repeat) press();
    });
    wait.addEventListener("click", () => {
      this._armed = false;
      this.draw();
    });
    return [
      el(
        "div",
        { class: "acting armed" },
        el("label", { for: "reason" }, t("editor.reason")),
        reason,
        el("p", { class: "about" }, hindrance || t("editor.applyAbout")),
        el("div", { class: "tools" }, sure, wait),
      ),
    ];
  }
}
