/**
 * What a rating tablet does: a question for whoever was just served, reasons for a bad level, thanks.
 *
 * A question is one completion: of a ticket, a step, and if that was taken back, of whom. It goes as soon as the hall no longer asks it; what was pressed until
 * then counts. Each question has one key, so that it is answered once, whatever the line and the glass do.
 * A completion that its clerk takes back answers nothing: the next one asks again, with the level marked that was
 * pressed, and nothing is sent before somebody presses: whoever pressed may have left.
 */

/** @typedef {import("/static/wire.js").RatingCall} RatingCall */
/** @typedef {import("/static/wire.js").Answer} Answer */
/** @typedef {import("/static/wire.js").Refusal} Refusal */
/** @typedef {"idle"|"ask"|"why"|"sending"|"thanks"|"late"|"lost"} State */
/** @typedef {{question: string, asked: string, level: number, reasons: string[]}} Begun a level that was pressed; asked: when its question was */
/** @typedef {{load: (name: string) => string|null, save: (name: string, value: string|null) => void}} Store */

/** Who walks off at the reasons has rated all the same. */
const WALKED_OFF_MS = 30000;
const THANKS_MS = 6000;
/** A press that began on what stood there before is not one on this. */
const SETTLE_MS = 400;

/** @param {RatingCall} call */
const questionOf = (call) => `${call.ticket}/${call.step}/${call.before}`;

export class Flow {
  /**
   * @param {{send: (call: RatingCall, level: number, reasons: string[]) => Promise<Answer|Refusal>, store: Store, onChange: () => void}} options
   */
  constructor(options) {
    this._options = options;
    /** @type {State} */
    this.state = "idle";
    /** What is asked, or was answered last. @type {RatingCall|null} */
    this.call = null;
    this.level = 0;
    /** @type {Set<string>} */
    this.chosen = new Set();
    /** The question that was rated last: it is never asked again. */
    this._rated = "";
    /** What was sent last, as it was asked: the same question asked anew is not answered by it. */
    this._sent = "";
    this._timer = 0;
    this._changedMs = 0;
  }

  /** Whether a press counts: the page has stood long enough for a person to have seen it. */
  get settled() {
    return performance.now() - this._changedMs >= SETTLE_MS;
  }

  /**
   * What the hall asks now.
   * @param {RatingCall|null} call
   * @param {number} nowMs server time
   * @param {boolean} live whether that is sure
   */
  follow(call, nowMs, live) {
    const open = call && live && nowMs < call.until_ms ? call : null;
    if (this.state === "sending") return;
    if (open && this._wanted(open)) {
      if (this.call && questionOf(this.call) === questionOf(open)) {
        if (this.state === "lost") return; // until it was read
        if (this.state === "ask" || this.state === "why") {
          this.call = open; // its clerk may have asked once more
          return;
        }
      }
      if (this.state === "why") this._submit();
      else this._begin(open);
      return;
    }
    if (this.state === "why") this._submit();
    else if (this.state === "ask") this._go("idle");
  }

  /** Whether it is neither answered nor put away. @param {RatingCall} call */
  _wanted(call) {
    const asked = this._offKey(call);
    return questionOf(call) !== this._rated && asked !== this._sent && asked !== this._options.store.load("off");
  }

  /** @param {RatingCall} call */
  _offKey(call) {
    return `${questionOf(call)}/${call.asked_ms}`;
  }

  /** @param {RatingCall} call */
  _begin(call) {
    this.call = call;
    this.level = 0;
    this.chosen = new Set();
    const begun = this._begun();
    if (begun === null || begun.question !== questionOf(call)) {
      this._go("ask");
      return;
    }
    this.level = begun.level;
    this.chosen = new Set(begun.reasons);
    this._go(begun.asked === this._offKey(call) ? "why" : "ask");
  }

  /** @returns {Begun|null} */
  _begun() {
    const kept = this._options.store.load("begun");
    return kept ? JSON.parse(kept) : null;
  }

  /** @param {RatingCall} call */
  _keep(call) {
    /** @type {Begun} */
    const begun = { question: questionOf(call), asked: this._offKey(call), level: this.level, reasons: Array.from(this.chosen) };
    this._options.store.save("begun", JSON.stringify(begun));
  }

  /** Keep what was pressed until now; who has gone by then is not waited for. */
  _pressed() {
    if (this.call === null) return;
    this._keep(this.call);
    this._wait(WALKED_OFF_MS, () => this._submit());
  }

  /** @param {number} level */
  press(level) {
    if (this.state !== "ask" || !this.settled || this.call === null) return;
    if (level !== this.level) this.chosen = new Set();
    this.level = level;
    if (level <= this.call.bad && this.call.reasons.length > 0) {
      this._go("why");
    } else {
      this._submit();
    }
  }

  /** @param {string} code of a reason, chosen or not */
  toggle(code) {
    if (this.state !== "why" || !this.settled) return;
    if (!this.chosen.delete(code)) this.chosen.add(code);
    this._pressed();
    this._options.onChange();
  }

  /** Another level, after all. */
  back() {
    if (this.state !== "why" || !this.settled) return;
    this._options.store.save("begun", null);
    this.level = 0;
    this.chosen = new Set();
    this._go("ask");
  }

  /** Rate with what was chosen, or at the reasons with none. @param {boolean} withReasons */
  submit(withReasons) {
    if (this.state !== "why" || !this.settled) return;
    if (!withReasons) this.chosen = new Set();
    this._submit();
  }

  /** Not to rate. */
  skip() {
    if (this.state !== "ask" || !this.settled || this.call === null) return;
    this._options.store.save("off", this._offKey(this.call));
    this._go("idle");
  }

  _submit() {
    const { call } = this;
    if (call === null) return;
    const reasons = Array.from(this.chosen);
    this._sent = this._offKey(call);
    this._go("sending");
    this._options.send(call, this.level, reasons).then((result) => {
      const code = result.ok === true ? "" : result.problem.code;
      if (code === "wrong_state") {
        // The service goes on: when it is completed again, what was pressed is marked.
        this._keep(call);
        this._go("idle");
        return;
      }
      if (code === "" || code === "limit_reached" || code === "idempotency_conflict") {
        this._rated = questionOf(call);
        this._options.store.save("begun", null);
        this._go("thanks");
      } else if (code === "expired") {
        this._options.store.save("begun", null);
        this._go("late");
      } else {
        this._sent = ""; // nobody knows of it
        this._go("lost");
      }
      this._wait(THANKS_MS, () => this._go("idle"));
    });
  }

  /** @param {State} state */
  _go(state) {
    window.clearTimeout(this._timer);
    this.state = state;
    this._changedMs = performance.now();
    if (state === "why") this._pressed();
    this._options.onChange();
  }

  /** @param {number} ms @param {() => void} then */
  _wait(ms, then) {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(then, ms);
  }
}
