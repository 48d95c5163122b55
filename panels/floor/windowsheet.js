/** A window: who sits there and what they are at; open and close it, seat clerks, choose skills, call somebody out of turn. */

import { attrs, el, fill, shape } from "/static/dom.js";
import { named, t } from "/static/words.js";
import { Buttons, choice, field, reasonField, renderFacts, renderOptions, rowOf, section } from "/pages/floor/form.js";
import { refill } from "/pages/floor/list.js";
import { short } from "/pages/floor/times.js";
import { SHAPES, kindOf, sinceOf } from "/pages/floor/windows.js";

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").FloorWindow} FloorWindow */
/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/pages/floor/form.js").Context} Context */
/** @typedef {import("/pages/floor/form.js").Content} Content */
/** @typedef {import("/pages/floor/presses.js").Command} Command */
/** @typedef {import("/pages/floor/staff.js").Candidate} Candidate */

const BUSY = ["calling", "serving"];
/** States of a ticket that may be called by its number. */
const CALLABLE = ["waiting", "missed", "held"];

/** @implements {Content} */
export class WindowSheet {
  /** @param {string} id @param {Context} context */
  constructor(id, context) {
    this._id = id;
    this._context = context;
    this.key = `window/${id}`;
    this.head = el("h2", { class: "sheet-title" });
    this._facts = el("dl", { class: "facts" });
    this.body = el("div", { class: "sheet-body" }, this._facts);
    this._buttons = new Buttons(context);
    /** The ticket there, once it was asked for. @type {{id: string, ticket: Ticket|null}} */
    this._there = { id: "", ticket: null };
    this._skillsOf = "";
    this._skills = el("div", { class: "checks" });
    if (context.may("command_window")) this._make();
  }

  /** @returns {FloorWindow|undefined} */
  _find() {
    return this._context.floor().windows.find((one) => one.id === this._id);
  }

  /** @returns {FloorWindow} */
  get _window() {
    const found = this._find();
    if (!found) throw new Error(`no window ${this._id}`);
    return found;
  }

  get _label() {
    return this._window.label;
  }

  _make() {
    const reasons = [t("floor.reason.queue"), t("floor.reason.clerk"), t("floor.reason.device"), t("floor.reason.break")];
    const reason = reasonField(t("floor.reason"), reasons);
    this._reason = reason.input;
    const clerk = choice(t("floor.window.clerk"));
    this._clerk = clerk.select;
    const number = field(t("floor.window.number"), { maxlength: 8, class: "number" });
    this._number = number.input;
    this._heads = el("p", { class: "chips" });
    const make = this._buttons.make.bind(this._buttons);
    const done = make("help-done", t("floor.do.helpDone"), () => this._simple("help_done", t("floor.done.helpDone", { label: this._label })));
    this._help = section(t("floor.window.help"), rowOf(done));
    this.body.append(
      this._help,
      section(
        t("floor.window.state"),
        rowOf(
          make("open", t("floor.do.open"), () => this._simple("open", t("floor.done.open", { label: this._label })), () => this._whyNotOpen()),
          make("close", t("floor.do.close"), () => this._simple("close", this._closeWords()), () => this._whyNotClose()),
          make("pause", t("floor.do.pause"), () => this._pause(), () => this._whyNotPause()),
          make("unpause", t("floor.do.unpause"), () => this._simple("unpause", t("floor.done.unpause", { label: this._label })), () => this._whyNotUnpause()),
        ),
      ),
      section(
        t("floor.window.people"),
        clerk.node,
        rowOf(
          make("seat", t("floor.do.seat"), () => this._seat(), () => this._whyNotSeat(false)),
          make("hand-over", t("floor.do.handOver"), () => this._replace("hand_over"), () => this._whyNotSeat(true)),
          ...(this._context.may("take_over") ? [make("take-over", t("floor.do.takeOver"), () => this._replace("take_over"), () => this._whyNotSeat(true) || this._needsReason())] : []),
          make("sign-out", t("floor.do.signOut"), () => this._simple("sign_out", t("floor.done.signOut", { label: this._label })), () => this._whyNotSignOut()),
        ),
      ),
      ...(this._context.may("set_skills")
        ? [
            section(
              t("floor.window.skills"),
              this._skills,
              rowOf(
                make("skills", t("floor.do.skills"), () => this._setSkills(this._chosenSkills()), () => this._whyNotSkills()),
                make("all-skills", t("floor.do.allSkills"), () => this._setSkills(null), () => this._whyNotSkills()),
              ),
            ),
          ]
        : []),
      section(
        t("floor.window.call"),
        el("div", { class: "call-row" }, number.node, make("call", t("floor.do.call"), () => this._call(), () => this._whyNotCall() || this._needsReason()), this._heads),
      ),
      section(t("floor.window.why"), reason.node),
    );
  }

  update() {
    const window = this._find();
    if (!window) return false;
    const floor = this._context.floor();
    const kind = kindOf(window, floor, this._context.now());
    const zone = floor.zones.find((one) => one.code === window.zone);
    const since = sinceOf(window, floor);
    const words = [zone ? named(zone.name, zone.name_en) : "", t(`floor.kind.${kind}`, { n: floor.thresholds.serving_min })];
    if (since !== null && kind !== "closed") words.push(short(this._context.now() - since));
    refill(this.head, JSON.stringify([window.label, kind, words]), () => [
      el("span", { class: "plate" }, window.label),
      el("span", { class: "sheet-state" }, shape(SHAPES[kind]), words.filter(Boolean).join("　")),
    ]);
    this._askTicket(window);
    renderFacts(this._facts, this._factRows(window, floor));
    if (this._help) attrs(this._help, { hidden: !(floor.help || []).some((one) => one.window === this._id) });
    if (this._clerk) {
      renderOptions(this._clerk, this._candidates().map((one) => /** @type {[string, string]} */ ([one.id, `${one.name}　${whereWords(one)}`])));
      this._renderSkills(window);
      this._renderHeads(window, floor);
    }
    this._buttons.update();
    return true;
  }

  /** @param {FloorWindow} window */
  _askTicket(window) {
    const id = window.ticket || "";
    if (this._there.id === id) return;
    this._there = { id, ticket: null };
    if (!id) return;
    this._context.staff.get(`/tickets/${encodeURIComponent(id)}`).then(
      (answer) => {
        if (this._there.id === id) this._there.ticket = answer.ticket;
        this.update();
      },
      () => undefined, // shown as before; the next change asks anew
    );
  }

  /** @param {FloorWindow} window @param {Floor} floor @returns {[string, string][]} */
  _factRows(window, floor) {
    const name = (/** @type {string|null} */ id) => (floor.clerks.find((one) => one.id === id) || { name: id || "" }).name;
    const { ticket } = this._there;
    const service = ticket && floor.services.find((one) => one.code === ticket.service);
    const there = ticket ? `${ticket.number}　${service ? named(service.name, service.name_en) : ticket.service}` : t("floor.none");
    const skills = window.active_skills.map((skill) => this._skillName(skill)).join(t("listComma"));
    /** @type {[string, string][]} */
    const rows = [
      [t("floor.window.clerk"), window.clerk ? name(window.clerk) : t("panel.notSignedIn")],
      [t("floor.window.ticket"), window.ticket ? there : t("floor.none")],
      [t("floor.window.inUse"), skills || t("floor.none")],
    ];
    if (window.trainee) rows.push([t("floor.window.trainee"), name(window.trainee)]);
    const along = (floor.accompanied || []).find((one) => one.window === window.id);
    if (along) rows.push([t("desk.floor.along"), along.helper || t("desk.helper")]);
    if (window.state === "paused" && window.pause_reason) rows.push([t("floor.reason"), window.pause_reason]);
    if (window.draining) rows.push([t("floor.window.then"), t("panel.since.draining")]);
    if (window.pause_after) rows.push([t("floor.window.then"), t("panel.since.pauseAfter")]);
    return rows;
  }

  /** @param {string} skill */
  _skillName(skill) {
    const { services } = this._context.floor();
    const own = this._context.staff.equipped(this._id).filter((one) => (one.skill || one.code) === skill);
    const names = own.map((one) => named(one.name, one.name_en || ""));
    const fallback = services.find((one) => one.code === skill);
    return names.join(t("listComma")) || (fallback ? named(fallback.name, fallback.name_en) : skill);
  }

  /** @param {FloorWindow} window */
  _renderSkills(window) {
    const found = window.clerk ? this._context.staff.skills(this._id, window.clerk) : [];
    const key = JSON.stringify([window.clerk, window.active_skills, found.map((one) => one.skill)]);
    if (key === this._skillsOf) return;
    this._skillsOf = key;
    const rows = found.map(({ skill }) => {
      const input = el("input", { type: "checkbox", value: skill, checked: window.active_skills.indexOf(skill) >= 0 });
      return el("label", { class: "check" }, input, el("span", {}, this._skillName(skill)));
    });
    fill(this._skills, rows.length ? rows : [el("p", { class: "none" }, t("floor.window.noSkills"))]);
  }

  /** First of the queues that this window serves, to be chosen by a press. @param {FloorWindow} window @param {Floor} floor */
  _renderHeads(window, floor) {
    const codes = window.clerk ? this._context.staff.able(this._id, window.clerk).map((one) => one.code) : [];
    const numbers = floor.queues.filter((queue) => queue.head !== null && codes.indexOf(queue.service) >= 0).map((queue) => String(queue.head)).slice(0, 6);
    const heads = /** @type {HTMLElement} */ (this._heads);
    refill(heads, numbers.join(), () =>
      numbers.map((number) => {
        const chip = el("button", { type: "button", class: "chip head" }, number);
        chip.addEventListener("click", () => {
          if (!this._number) return;
          this._number.value = number;
          this._number.focus();
        });
        return chip;
      }),
    );
    attrs(heads, { hidden: numbers.length === 0 });
  }

  // What stands in the way --------------------------------------------------------------------------

  _whyNotOpen() {
    const { open, draining } = this._window;
    return open && !draining ? t("floor.why.open") : "";
  }

  _whyNotClose() {
    const { open, draining, opens_ms: opens } = this._window;
    if (draining) return t("panel.why.draining") + t("fullStop");
    return open || opens !== null ? "" : t("floor.why.closed");
  }

  _whyNotPause() {
    const window = this._window;
    if (!window.open) return t("floor.why.closed");
    return window.state === "paused" || window.pause_after ? t("floor.why.paused") : "";
  }

  _whyNotUnpause() {
    const window = this._window;
    return window.state === "paused" || window.pause_after ? "" : t("floor.why.notPaused");
  }

  _whyNotSignOut() {
    const { clerk, ticket } = this._window;
    if (clerk === null) return t("floor.why.nobody");
    return ticket === null ? "" : t("floor.why.busy");
  }

  /** @param {boolean} replacing whether somebody sits there and is to be replaced */
  _whyNotSeat(replacing) {
    const { clerk } = this._window;
    if (replacing && clerk === null) return t("floor.why.nobody");
    if (!replacing && clerk !== null) return t("floor.why.seated");
    const one = this._chosen();
    if (!one) return t(this._candidates().length ? "floor.why.chooseClerk" : "floor.why.noClerk");
    return one.busy && one.at ? t("floor.why.clerkBusy", { name: one.name, label: one.at.label }) : "";
  }

  _whyNotSkills() {
    return this._window.clerk === null ? t("floor.why.nobody") : "";
  }

  _whyNotCall() {
    const window = this._window;
    if (window.clerk === null) return t("floor.why.nobody");
    return window.state === "idle" ? "" : t("floor.why.notIdle");
  }

  _needsReason() {
    return this._reason && this._reason.value.trim() ? "" : t("floor.why.reason");
  }

  // Acts --------------------------------------------------------------------------------------------

  /** @returns {Candidate[]} */
  _candidates() {
    return this._context.staff.candidates(this._context.floor(), this._window);
  }

  /** @returns {Candidate|undefined} */
  _chosen() {
    const id = this._clerk ? this._clerk.value : "";
    return this._candidates().find((one) => one.id === id);
  }

  get _said() {
    return this._reason ? this._reason.value.trim() : "";
  }

  /** @param {string} command @param {string} done @param {Command} [more] */
  _simple(command, done, more) {
    const key = /** @type {import("/static/words.js").Key} */ (`floor.name.${command}`);
    return this._context.presses.run({
      name: t(key, { label: this._label }),
      commands: [Object.assign({ window: this._id, command }, more)],
      done,
    });
  }

  _closeWords() {
    const busy = BUSY.indexOf(this._window.state) >= 0;
    return t(busy ? "floor.done.closeAfter" : "floor.done.close", { label: this._label });
  }

  _pause() {
    const busy = BUSY.indexOf(this._window.state) >= 0;
    this._simple("pause", t(busy ? "floor.done.pauseAfter" : "floor.done.pause", { label: this._label }), { reason: this._said });
  }

  /** The step before, where the clerk sits at another window. @param {Candidate} one @returns {Command[]} */
  _leave(one) {
    if (!one.at) return [];
    const trainee = one.at.clerk !== one.id ? { clerk: one.id } : {};
    return [Object.assign({ window: one.at.id, command: "sign_out" }, trainee)];
  }

  _seat() {
    const one = /** @type {Candidate} */ (this._chosen());
    this._context.presses.run({
      name: t("floor.name.sign_in", { label: this._label }),
      commands: this._leave(one).concat({ window: this._id, command: "sign_in", clerk: one.id }),
      done: t("floor.done.seat", { label: this._label, name: one.name }),
      half: one.at ? t("floor.half.seat", { label: one.at.label, name: one.name }) : "",
    });
  }

  /** @param {"hand_over"|"take_over"} command */
  _replace(command) {
    const one = /** @type {Candidate} */ (this._chosen());
    const given = command === "take_over" ? { reason: this._said } : {};
    this._context.presses.run({
      name: t(command === "take_over" ? "floor.name.take_over" : "floor.name.hand_over", { label: this._label }),
      commands: this._leave(one).concat(Object.assign({ window: this._id, command, clerk: one.id }, given)),
      done: t("floor.done.replace", { label: this._label, name: one.name }),
      half: one.at ? t("floor.half.seat", { label: one.at.label, name: one.name }) : "",
    });
  }

  _chosenSkills() {
    return Array.from(this._skills.querySelectorAll("input")).filter((one) => one.checked).map((one) => one.value);
  }

  /** @param {string[]|null} skills null: all */
  _setSkills(skills) {
    if (skills && skills.length === 0) {
      this._context.presses.say("refused", t("receipt.refused", { act: t("floor.name.set_skills", { label: this._label }), why: t("floor.why.oneSkill") }));
      return;
    }
    this._simple("set_skills", t(skills ? "floor.done.skills" : "floor.done.allSkills", { label: this._label }), { skills });
  }

  _call() {
    const number = this._number ? this._number.value.trim().toUpperCase() : "";
    const { presses, staff } = this._context;
    const name = t("floor.name.call_ticket", { label: this._label });
    const refuse = (/** @type {string} */ why) => presses.say("refused", t("receipt.refused", { act: name, why }));
    if (!number) {
      refuse(t("floor.why.number"));
      return;
    }
    const reason = this._said;
    staff.get(`/tickets?number=${encodeURIComponent(number)}`).then(
      (page) => {
        const ticket = page.tickets.find((/** @type {Ticket} */ one) => CALLABLE.indexOf(one.state) >= 0);
        if (!ticket) {
          refuse(t("floor.why.notWaiting", { number }));
          return;
        }
        presses.run({
          name,
          commands: [{ window: this._id, command: "call_ticket", ticket: ticket.id, reason }],
          done: t("floor.done.call", { number, label: this._label }),
        });
      },
      () => refuse(t("floor.why.lost")),
    );
  }
}

/** @param {Candidate} one */
function whereWords(one) {
  if (!one.at) return t("floor.clerk.free");
  return t(one.busy ? "floor.clerk.busy" : "floor.clerk.at", { label: one.at.label });
}
