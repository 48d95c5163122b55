/** What was in force before: who changed what, when and why; each can be looked at, compared and put in force again. */

import { el, fill } from "/static/dom.js";
import { onSecondPress } from "/static/press.js";
import { dateTime } from "/pages/editor/times.js";
import { t, tCode } from "/static/words.js";
import { said } from "/pages/editor/catalogue.js";

/** @typedef {import("/pages/editor/form.js").Context} Context */
/** @typedef {import("/static/door.js").Door} Door */
/**
 * @typedef {Object} Version
 * @property {number} revision
 * @property {number|null} at_ms
 * @property {string|null} role
 * @property {string|null} who
 * @property {string|null} name
 * @property {string} reason
 * @property {boolean} in_force
 * @property {boolean} first
 * @property {number|null} same_as
 * @property {number} changes
 * @property {string} text
 * @property {string} text_en
 */

export class History {
  /**
   * @param {Context} context
   * @param {Door} door
   * @param {{timezone: () => string, restore: (config: Object<string, any>, reason: string) => void}} acts
   */
  constructor(context, door, acts) {
    this._context = context;
    this._door = door;
    this._acts = acts;
    /** @type {Version[]} */
    this._versions = [];
    this._list = el("ul", { class: "versions", tabindex: "0", "aria-label": t("editor.tab.history") });
    this._detail = el("div", { class: "version-detail", "aria-live": "polite" });
    this.node = el("div", { class: "history" }, el("p", { class: "about" }, t("editor.history.about")), this._list, this._detail);
  }

  draw() {
    this._door.ask("config/history").then((result) => {
      if (!result.ok) {
        this._context.say(tCode(`refused.${result.problem.code}`, "refused.other", { code: result.problem.code, seconds: "" }));
        return;
      }
      this._versions = result.answer.versions;
      fill(this._list, this._versions.map((version, at) => this._row(version, at)));
    });
  }

  /** @param {Version} version */
  _named(version) {
    if (version.at_ms === null) return t("editor.history.unknown");
    return dateTime(version.at_ms, this._acts.timezone());
  }

  /** @param {Version} version @param {number} at */
  _row(version, at) {
    const look = el("button", { type: "button", class: "act do-look" }, t("editor.history.look"));
    look.addEventListener("click", () => this._look(version));
    const tools = [look];
    if (version.in_force && !version.first && this._context.may()) tools.push(this._undo(this._versions[at + 1]));
    else if (!version.in_force && this._context.may()) tools.push(this._restore(version, t("editor.history.restore"), t("editor.history.restored", { when: this._named(version) })));
    const by = version.role ? tCode(`editor.role.${version.role}`, "editor.role.other") : "";
    const same = version.same_as === null ? null : this._versions.find((one) => one.revision === version.same_as);
    return el(
      "li",
      { class: "version", "data-revision": version.revision },
      el(
        "p",
        { class: "version-head" },
        el("strong", {}, this._named(version)),
        el("span", {}, [by, version.name || version.who || ""].filter(Boolean).join(" ")),
        ...(version.in_force ? [el("span", { class: "tag" }, t("editor.history.inForce"))] : []),
        ...(same ? [el("span", { class: "tag" }, t("editor.history.same", { when: this._named(same) }))] : []),
      ),
      ...(version.reason ? [el("p", { class: "version-reason" }, t("editor.history.reason", { reason: version.reason }))] : []),
      el("p", { class: "version-text" }, said(version, "text") || (version.first ? t("editor.history.first") : "")),
      el("div", { class: "tools" }, ...tools),
    );
  }

  /** @param {Version} before */
  _undo(before) {
    return this._restore(before, t("editor.undo"), t("editor.undo.reason"));
  }

  /** @param {Version} version @param {string} words @param {string} reason */
  _restore(version, words, reason) {
    const button = el("button", { type: "button", class: "act do-restore" }, words);
    const restore = () =>
      this._door.ask(`config/history/${version.revision}`).then((result) => {
        if (result.ok) this._acts.restore(result.answer.config, reason);
      });
    onSecondPress(button, t("editor.history.replaces"), restore, () => this._context.draft.dirty);
    return button;
  }

  /** @param {Version} version */
  _look(version) {
    this._door.ask(`config/history/${version.revision}`).then((result) => {
      if (!result.ok) return;
      const lines = (/** @type {any[]} */ changes) => (changes.length > 0 ? changes.map((one) => el("li", {}, said(one, "text"))) : [el("li", {}, t("editor.history.nothing"))]);
      fill(this._detail, [
        el("h2", {}, this._named(version)),
        el("h3", {}, t("editor.history.changed")),
        el("ul", {}, ...(version.first ? [el("li", {}, t("editor.history.first"))] : lines(result.answer.changed))),
        el("h3", {}, t("editor.history.would")),
        el("ul", { class: "would" }, ...lines(result.answer.changes)),
        el("h3", {}, t("editor.history.file")),
        el("pre", { class: "toml", tabindex: "0" }, result.answer.toml),
      ]);
      this._detail.scrollIntoView({ block: "nearest" });
    });
  }
}
