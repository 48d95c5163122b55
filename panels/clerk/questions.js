/** What acts ask before they are sent: which kind, where to, which number, for what reason. */

import { t, named } from "/static/words.js";
import { mayReturn, situationOf } from "/pages/clerk/acts.js";
import { waitWords } from "/pages/clerk/why.js";

/** @typedef {import("/static/wire.js").Panel} Panel */
/** @typedef {import("/static/wire.js").Ticket} Ticket */
/** @typedef {import("/static/wire.js").HeldTicket} HeldTicket */
/** @typedef {import("/pages/clerk/acts.js").Act} Act */
/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */
/** @typedef {import("/pages/clerk/keys.js").Choice} Choice */
/** @typedef {import("/pages/clerk/keys.js").Question} Question */
/** @typedef {import("/static/words.js").Key} Key */

/**
 * @typedef {Object} Desk what questions need of the panel
 * @property {() => Panel|null} panel as it is now
 * @property {() => number} now server time
 * @property {(question: Question|null) => void} ask
 * @property {(act: Act, args?: Object, words?: Object<string, string>) => void} send
 * @property {(act: Act, why: string) => void} refuse
 * @property {(path: string) => Promise<any>} get an answer over HTTP; rejects where there is none
 * @property {() => void} keySheet
 */

/** As many choices have a digit each; more are found by typing. */
const DIRECT = 8;
/** Tickets of a state that are looked at, in pages of so many. */
const PAGE = 500;
const PAGES = 4;
const REASONS = 5;
/** @type {("without_papers"|"with_papers"|"waiting")[]} */
const HOLDS = ["with_papers", "without_papers", "waiting"];

/**
 * Choices with a digit each, or to be typed where there are too many.
 * @param {Choice[]} choices
 */
const byDigits = (choices) => ({
  choices,
  typed: choices.length > DIRECT || choices.some((one) => one.code.length !== 1 || one.code === "0"),
});

/** @param {Choice[]} choices @returns {Choice[]} numbered where their own codes do not tell them apart */
function numbered(choices) {
  const codes = new Set(choices.map((one) => one.code));
  const clear = codes.size === choices.length && choices.every((one) => /^[1-9][0-9]*$/.test(one.code));
  return clear ? choices : choices.map((one, index) => Object.assign({}, one, { code: String(index + 1) }));
}

/** @param {number} n @param {string} kind */
const reasonOf = (kind, n) => t(/** @type {Key} */ (`panel.${kind}.${n}`));

export class Questions {
  /** @param {Desk} desk */
  constructor(desk) {
    this._desk = desk;
  }

  /** @returns {Panel} */
  get _panel() {
    const panel = this._desk.panel();
    if (!panel) throw new Error("a question before the panel is there");
    return panel;
  }

  /** The present ticket stands still at the window: what was asked is about it. @returns {() => boolean} */
  _sameTicket() {
    const { current } = this._panel;
    const id = current && current.ticket.id;
    const state = current && current.ticket.state;
    return () => {
      const panel = this._desk.panel();
      return Boolean(panel && panel.current && panel.current.ticket.id === id && panel.current.ticket.state === state);
    };
  }

  /** @param {...string} situations @returns {() => boolean} */
  _while(...situations) {
    return () => {
      const panel = this._desk.panel();
      return Boolean(panel && situations.includes(situationOf(panel)));
    };
  }

  /**
   * @param {"reason"|"callReason"|"abandonReason"|"takeReason"} kind
   * @param {(reason: string) => void} then
   * @returns {Choice[]}
   */
  _reasons(kind, then) {
    return Array.from({ length: REASONS }, (_, index) => {
      const reason = reasonOf(kind, index + 1);
      return { name: reason, code: String(index + 1), pick: () => then(reason) };
    });
  }

  /**
   * A choice that cannot be taken says why instead.
   * @param {Act} act
   * @param {string} code
   * @param {string} why empty: it can be taken
   * @param {() => void} pick
   * @returns {Choice}
   */
  _choice(act, code, why, pick) {
    const name = t(/** @type {Key} */ (`panel.act.${act}`));
    if (!why) return { name, code, pick };
    return { name, code, note: why, off: true, pick: () => this._desk.refuse(act, why + t("fullStop")) };
  }

  /** 暂停, and all the ways to leave the window. */
  pause() {
    const { window, trainee, learners } = this._panel;
    const situation = situationOf(this._panel);
    const busy = situation === "calling" || situation === "serving";
    /** @type {Object<string, Key>} */
    const not = { closed: "panel.why.openFirst", paused: "panel.why.paused" };
    const why = not[situation] ? t(not[situation]) : window.draining ? t("panel.why.draining") : "";
    const reasons = this._reasons("reason", (reason) =>
      why ? this._desk.refuse("pause", why + t("fullStop")) : this._desk.send("pause", { reason }, { reason }),
    ).map((one) => Object.assign(one, why ? { note: why, off: true } : {}));
    if (window.pause_after) {
      reasons.splice(0, REASONS, { name: t("panel.ask.noPause"), code: "1", pick: () => this._desk.send("unpause") });
    }
    const close = window.draining
      ? { name: t("panel.ask.noClose"), code: "6", pick: () => this._desk.send("open") }
      : this._choice("close", "6", situation === "closed" && !window.opens_ms ? t("panel.why.closed") : "", () => this._desk.send("close"));
    if (busy && !window.draining) close.note = t("panel.why.afterTicket");
    this._desk.ask({
      act: "pause",
      title: t("panel.pauseFor"),
      choices: [
        ...reasons,
        close,
        this._choice("sign_out", "7", busy ? t("panel.why.busy") : "", () => this._desk.send("sign_out")),
        Object.assign(this._choice("hand_over", "8", "", () => this.handOver()), {
          note: trainee || learners.length ? t("panel.ask.trainees") : "",
        }),
      ],
      more: { name: t("panel.act.keys"), cap: "/", pick: () => this._desk.keySheet() },
      still: this._while("closed", "idle", "calling", "serving", "paused"),
    });
  }

  /** 挂起, of three kinds; and 弃号, for who has a keypad only. */
  hold() {
    const situation = situationOf(this._panel);
    const why = situation === "serving" ? "" : t("panel.why.startFirst");
    const kinds = HOLDS.map((kind, index) => ({
      name: t(`panel.hold.${kind}`),
      code: String(index + 1),
      note: why || t(`panel.holdHint.${kind}`),
      off: Boolean(why),
      pick: () => (why ? this._desk.refuse("hold", why + t("fullStop")) : this._desk.send("hold", { kind }, { kind })),
    }));
    this._desk.ask({
      act: "hold",
      title: t("panel.ask.hold"),
      choices: [...kinds, this._choice("abandon", "4", "", () => this.abandon())],
      still: this._sameTicket(),
    });
  }

  /** 弃号 asks why, which is the second press that it needs. */
  abandon() {
    this._desk.ask({
      act: "abandon",
      title: t("panel.ask.abandon"),
      choices: this._reasons("abandonReason", (reason) => this._desk.send("abandon", { reason })),
      still: this._sameTicket(),
    });
  }

  /** 转移: to a service; the same key again: to a window, to a clerk. @param {"service"|"window"|"clerk"} [kind] */
  transfer(kind = "service") {
    const still = this._sameTicket();
    const { hall } = this._panel;
    this._desk.get(`/v1/halls/${encodeURIComponent(hall.id)}`).then(
      (info) => still() && this._transfer(kind, info, still),
      () => this._desk.refuse("transfer", t("panel.ask.away")),
    );
  }

  /** @param {"service"|"window"|"clerk"} kind @param {any} info the hall @param {() => boolean} still */
  _transfer(kind, info, still) {
    const { current, window, clerk } = this._panel;
    if (!current) return;
    /** @type {[string, string, string][]} code of its own, id, name */
    const targets = {
      service: () =>
        info.services
          .filter((/** @type {any} */ one) => one.code !== current.ticket.service)
          .map((/** @type {any} */ one) => ["", one.code, named(one.name, one.name_en)]),
      window: () =>
        info.windows
          .filter((/** @type {any} */ one) => one.id !== window.id)
          .map((/** @type {any} */ one) => [one.label, one.id, t("panel.window", { label: one.label })]),
      clerk: () =>
        (info.clerks || [])
          .filter((/** @type {any} */ one) => !clerk || one.id !== clerk.id)
          .map((/** @type {any} */ one) => ["", one.id, one.name]),
    }[kind]();
    const next = /** @type {const} */ ({ service: "window", window: "clerk", clerk: "service" })[kind];
    const choices = numbered(
      targets.map(([code, id, name]) => ({ name, code, pick: () => this._desk.send("transfer", { to: { [kind]: id } }, { to: name }) })),
    );
    this._desk.ask(
      Object.assign(byDigits(choices), {
        act: /** @type {const} */ ("transfer"),
        title: t(`panel.ask.transfer.${kind}`),
        field: t(`panel.ask.code.${kind}`),
        more: { name: t(`panel.ask.to.${next}`), cap: "F6", pick: () => this._transfer(next, info, still) },
        still,
      }),
    );
  }

  /**
   * The window or clerk is absent: shall it wait there?
   * @param {Object} args of the transfer that was refused
   * @param {string} to
   * @param {string} why
   */
  transferWaits(args, to, why) {
    this._desk.ask({
      act: "transfer",
      title: t("panel.ask.wait", { why }),
      choices: [
        { name: t("panel.ask.waitThere"), note: to, code: "1", pick: () => this._desk.send("transfer", Object.assign({ wait: true }, args), { to }) },
        { name: t("panel.ask.elsewhere"), code: "2", pick: () => this.transfer() },
      ],
      still: this._sameTicket(),
    });
  }

  /** 交接: to whom; trainees come and go here, too. @param {"hand_over"|"take_over"} [how] */
  handOver(how = "hand_over") {
    const { hall } = this._panel;
    const still = this._while("closed", "idle", "calling", "serving", "paused");
    this._desk.get(`/v1/halls/${encodeURIComponent(hall.id)}`).then(
      (info) => still() && this._handOver(how, info.clerks || []),
      () => this._desk.refuse(how, t("panel.ask.away")),
    );
  }

  /** @param {"hand_over"|"take_over"} how @param {{id: string, name: string}[]} clerks of the hall */
  _handOver(how, clerks) {
    const { clerk, trainee, learners } = this._panel;
    /** @type {Choice[]} */
    const beside = [];
    if (trainee) {
      beside.push({
        name: trainee.name,
        code: "",
        note: t("panel.ask.leaves"),
        pick: () => this._desk.send("leave", { clerk: trainee.id }, { name: trainee.name }),
      });
    }
    for (const one of how === "hand_over" && !trainee ? learners : []) {
      beside.push({
        name: one.name,
        code: "",
        note: t("panel.ask.joins"),
        pick: () => this._desk.send("join", { clerk: one.id }, { name: one.name }),
      });
    }
    const others = clerks
      .filter((one) => !clerk || one.id !== clerk.id)
      .map((one) => ({
        name: one.name,
        code: "",
        pick: () => (how === "hand_over" ? this._desk.send(how, { clerk: one.id }, { name: one.name }) : this._takeOver(one)),
      }));
    const other = how === "hand_over" ? "take_over" : "hand_over";
    this._desk.ask(
      Object.assign(byDigits(numbered([...others, ...beside])), {
        act: /** @type {const} */ ("pause"),
        title: t(how === "hand_over" ? "panel.ask.handOver" : "panel.ask.takeOver"),
        field: t("panel.ask.code.clerk"),
        more: { name: t(`panel.act.${other}`), cap: "/", pick: () => this._handOver(other, clerks) },
        still: this._while("closed", "idle", "calling", "serving", "paused"),
      }),
    );
  }

  /** 接管, by a supervisor, for a reason. @param {{id: string, name: string}} one */
  _takeOver(one) {
    this._desk.ask({
      act: "pause",
      title: t("panel.ask.takeReason"),
      choices: this._reasons("takeReason", (reason) => this._desk.send("take_over", { clerk: one.id, reason }, { name: one.name })),
      still: this._while("closed", "idle", "calling", "serving", "paused"),
    });
  }

  /** 指呼: a number that waits, was missed or is held; while the window cannot call, only those who come back. */
  callTicket() {
    const panel = this._panel;
    if (situationOf(panel) !== "idle") {
      this._numbers(mayReturn(panel).map((one) => this._heldChoice(one)), t("panel.ask.returned"));
      return;
    }
    const services = new Set(panel.queues.map((queue) => queue.service));
    const mine = (/** @type {Ticket[]} */ tickets) => tickets.filter((one) => services.has(one.service));
    Promise.all([this._tickets("waiting"), this._tickets("missed")]).then(
      ([waiting, missed]) => {
        const now = this._desk.panel();
        if (!now || situationOf(now) !== "idle") return;
        const held = now.held.map((one) => this._heldChoice(one));
        const called = [...mine(waiting), ...mine(missed)].map((one) => this._callChoice(one));
        this._numbers([...called, ...held], t("panel.ask.call"));
      },
      () => this._desk.refuse("call_ticket", t("panel.ask.away")),
    );
  }

  /** @param {"waiting"|"missed"} state @returns {Promise<Ticket[]>} */
  async _tickets(state) {
    /** @type {Ticket[]} */
    const found = [];
    let after = "";
    for (let page = 0; page < PAGES; page += 1) {
      const { hall } = this._panel;
      const answer = await this._desk.get(`/v1/halls/${encodeURIComponent(hall.id)}/tickets?state=${state}&limit=${PAGE}${after}`);
      found.push(...answer.tickets);
      if (!answer.next) break;
      after = `&after=${answer.next}`;
    }
    return found;
  }

  /** @param {Choice[]} choices @param {string} title */
  _numbers(choices, title) {
    const situation = situationOf(this._panel);
    this._desk.ask({ act: "call_ticket", title, choices, typed: true, field: t("panel.ask.code.number"), still: this._while(situation) });
  }

  /** @param {Ticket} ticket @returns {Choice} */
  _callChoice(ticket) {
    const waited = waitWords((this._desk.now() - ticket.first_arrival_ms) / 1000);
    return {
      name: ticket.number,
      code: ticket.number.replace(/\D/g, ""),
      note: ticket.state === "missed" ? t("panel.last.missed") : waited,
      pick: () =>
        this._desk.ask({
          act: "call_ticket",
          title: t("panel.ask.callReason", { number: ticket.number }),
          choices: this._reasons("callReason", (reason) => this._desk.send("call_ticket", { ticket: ticket.id, reason }, { number: ticket.number })),
          still: this._while("idle"),
        }),
    };
  }

  /** @param {HeldTicket} held @returns {Choice} */
  _heldChoice(held) {
    return {
      name: held.number,
      code: held.number.replace(/\D/g, ""),
      note: t(`panel.hold.${held.kind}`),
      pick: () => this.goOn(held),
    };
  }

  /** Go on with a held ticket: resume one that waits for its clerk, let any other come back. @param {HeldTicket} held */
  goOn(held) {
    const words = { number: held.number };
    if (held.kind === "waiting") this._desk.send("resume", { ticket: held.id }, words);
    else this._desk.send("returned", { ticket: held.id }, words);
  }
}
