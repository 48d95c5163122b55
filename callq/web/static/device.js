/**
 * This page as a device of the hall: reports how it is, and does what it is told. Its id comes with the
 * link (`?device=ID`); without one a page reports nothing.
 *
 *   const device = openDevice({ hall, token, kind: "kiosk" });
 *   if (device) {
 *     device.on("test", printTestPage);
 *     device.follow(feed); // before the feed opens; without a feed an order comes within half a minute
 *     device.start();
 *     device.fault("paper_out", "status 0x60");
 *     device.clear("paper_out");
 *   }
 */

/** @typedef {import("/static/feed.js").Feed} Feed */
/** @typedef {"test"|"restart"|"resend"} OrderName */
/** @typedef {{device: string, id: string, order: OrderName, until_ms: number}} PendingOrder */
/** @typedef {() => (void|Promise<void>)} Act */

const BEAT_MS = 30000;
/** What changes within it is told at once. */
const SETTLE_MS = 200;
const ANSWER_LIMIT_MS = 10000;
const ACT_LIMIT_MS = 30000;
/** A device's clock that is wrong by more says so: nothing here goes by it, but certificates do. */
const SKEW_MS = 120000;
const STORED = "callq.device:";

/** The id of this device, or null. @returns {string|null} */
export function deviceId() {
  return new URLSearchParams(location.search).get("device");
}

/**
 * @param {{hall: string, token: string, kind: string}} options
 * @returns {Device|null} null where the link names no device
 */
export function openDevice(options) {
  const id = deviceId();
  return id === null ? null : new Device(Object.assign({ id }, options));
}

export class Device {
  /** @param {{hall: string, token: string, kind: string, id: string}} options */
  constructor(options) {
    this.id = options.id;
    this._options = options;
    this._url = `/v1/halls/${encodeURIComponent(options.hall)}/devices/${encodeURIComponent(options.id)}/health`;
    /** Words by code. @type {Map<string, string>} */
    this._faults = new Map();
    this._audioBlocked = false;
    /** @type {Map<string, Act>} */
    this._acts = new Map();
    this._version = "";
    this._timer = 0;
    this._busy = false;
    this._again = false;
    /** Whether the last report was heard. */
    this._heard = false;
    /** The order that was carried out last, until the server knows. @type {{done: string, error?: string}|null} */
    this._ended = null;
    /** Id of the order that is being carried out, or was last. */
    this._handled = "";
    const restarted = sessionStorage.getItem(STORED + this.id);
    if (restarted) {
      // This page was told to start again, and has.
      sessionStorage.removeItem(STORED + this.id);
      this._handled = restarted;
      this._ended = { done: restarted };
    }
    this.on("restart", () => this.restart());
  }

  /** Load the page anew, which then tells that the order was carried out. @returns {Promise<void>} never ends */
  restart() {
    sessionStorage.setItem(STORED + this.id, this._handled);
    location.reload();
    return new Promise(() => undefined);
  }

  /**
   * Carry out an order with `act`; it throws, or its promise fails, where it cannot.
   * @param {OrderName} order
   * @param {Act} act
   */
  on(order, act) {
    this._acts.set(order, act);
  }

  /**
   * Hear of orders at once, not with the next report. Call before the feed opens.
   * @param {Feed} feed
   */
  follow(feed) {
    const view = feed.subscribe({ view: "orders" }, (/** @type {{orders: PendingOrder[]}} */ data) => {
      const mine = data.orders.find((order) => order.device === this.id);
      if (mine && mine.id !== this._handled) this.hurry();
    });
    view.optional = true;
  }

  /** Report from now on. */
  start() {
    fetch("/static/version.txt")
      .then((answer) => (answer.ok ? answer.text() : ""))
      .catch(() => "")
      .then((version) => {
        this._version = version.trim().slice(0, 64);
        return this._report();
      });
  }

  /**
   * Something is wrong from now on.
   * @param {string} code lower case, e.g. `paper_out`; those that callq knows are in views/devices.py
   * @param {string} [detail] for whoever mends it
   */
  fault(code, detail) {
    const known = this._faults.has(code);
    this._faults.set(code, (detail || "").slice(0, 200));
    if (!known) this.hurry();
  }

  /** It is no longer. @param {string} code */
  clear(code) {
    if (this._faults.delete(code)) this.hurry();
  }

  /**
   * `fault` or `clear`.
   * @param {string} code
   * @param {boolean} wrong
   * @param {string} [detail]
   */
  set(code, wrong, detail) {
    if (wrong) this.fault(code, detail);
    else this.clear(code);
  }

  /** Whether the browser lets this page make no sound. @param {boolean} blocked */
  setAudioBlocked(blocked) {
    if (blocked === this._audioBlocked) return;
    this._audioBlocked = blocked;
    this.hurry();
  }

  /** Report soon. */
  hurry() {
    if (this._busy) this._again = true;
    else this._later(SETTLE_MS);
  }

  /** @param {number} ms */
  _later(ms) {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._report(), ms);
  }

  /** Report, and do what is asked; the next report is planned whatever becomes of it. */
  async _report() {
    window.clearTimeout(this._timer);
    if (this._busy) return;
    this._busy = true;
    this._again = false;
    try {
      const answer = await this._post();
      if (answer && answer.order && answer.order.id !== this._handled) await this._obey(answer.order);
    } finally {
      this._busy = false;
      const soon = this._again || this._ended !== null;
      // Screens that were switched on together do not report together for ever.
      this._later(soon && this._heard ? SETTLE_MS : BEAT_MS * (0.9 + Math.random() / 10));
    }
  }

  /** @returns {Promise<{order: PendingOrder|null, server_ms: number}|null>} null: there is no answer to be had now */
  async _post() {
    const ended = this._ended;
    const body = Object.assign(
      {
        version: this._version,
        kind: this._options.kind,
        audio_blocked: this._audioBlocked,
        faults: Array.from(this._faults, ([code, detail]) => ({ code, detail })),
      },
      ended || {},
    );
    this._heard = false;
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), ANSWER_LIMIT_MS);
    try {
      const response = await fetch(this._url, {
        method: "POST",
        headers: { Authorization: `Bearer ${this._options.token}`, "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: stop.signal,
      });
      document.documentElement.setAttribute("data-device-status", String(response.status));
      if (!response.ok) return null;
      const answer = await response.json();
      this._heard = true;
      if (this._ended === ended) this._ended = null;
      const skew = Date.now() - answer.server_ms;
      this.set("clock_skew", Math.abs(skew) > SKEW_MS, `${Math.round(skew / 1000)} s`);
      return answer;
    } catch (error) {
      return null;
    } finally {
      window.clearTimeout(timer);
    }
  }

  /** @param {PendingOrder} order */
  async _obey(order) {
    this._handled = order.id;
    const act = this._acts.get(order.order);
    let error = act ? "" : `this page has no ${order.order}`;
    if (act) {
      const late = new Promise((resolve, reject) => window.setTimeout(() => reject(new Error("it took too long")), ACT_LIMIT_MS));
      try {
        await Promise.race([Promise.resolve().then(act), late]);
      } catch (failed) {
        error = (failed instanceof Error ? failed.message : String(failed)).slice(0, 200) || "failed";
      }
    }
    this._ended = Object.assign({ done: order.id }, error ? { error } : {});
  }
}
