/**
 * One WebSocket to a hall's feed: views that are kept current, commands that act once.
 *
 * A view starts with a snapshot and goes on with changes (each changed top-level key, complete); its
 * revision only grows within an epoch. After a break the feed connects again by itself and resumes
 * from the last revision. A command carries a random key; when the socket breaks before its answer
 * it is repeated with the same key, so that a press is neither lost nor doubled.
 */

/** @typedef {import("/static/wire.js").Answer} Answer */
/** @typedef {import("/static/wire.js").Refusal} Refusal */
/** @typedef {import("/static/clock.js").Clock} Clock */

/**
 * @typedef {Object} Status
 * @property {"connecting"|"live"|"lost"|"refused"} phase `connecting`: nothing has been shown yet;
 *   `lost`: what is shown is old; `refused`: the server will not have us, trying again is no use
 * @property {number|null} sinceMs server time of the last message, while lost
 * @property {string|null} code why, while refused: unauthorised, forbidden, unknown_hall, unknown
 */

/** @typedef {{view: string, zone?: string, window?: string, ticket?: string}} Subscription */

const PROTOCOL = "callq.v1.json";
const PING_MS = 10000;
const DEAD_MS = 25000;
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 15000;
/** A restart behind a proxy takes less; a whole screen must not flash for it. */
const LOST_AFTER_MS = 1500;
/** A press this old is no longer what the clerk wants; the view tells what became of it. */
export const COMMAND_MAX_MS = 60000;
const REFRESH_LIMIT_MS = 10000;

/** @type {Object<number, string>} */
const CLOSE_CODES = { 4401: "unauthorised", 4403: "forbidden", 4404: "unknown" };
/** @type {Object<number, string>} */
const HTTP_CODES = { 401: "unauthorised", 403: "forbidden", 404: "unknown_hall" };

/** Random enough never to meet another command's key. @returns {string} */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** One subscribed view: its data, and where in the hall's history it stands. @template T */
export class View {
  /** @param {Subscription} subscription */
  constructor(subscription) {
    this.subscription = subscription;
    /** @type {T|null} */
    this.data = null;
    this.revision = -1;
    /** @type {string|null} */
    this.epoch = null;
    /** @type {((data: T, view: View<T>) => void)|null} */
    this.onData = null;
    /** Whether the page is whole without it: then nothing waits for it, and a refusal is none of the page. */
    this.optional = false;
    /** @type {(() => void)|null} */
    this.onGone = null;
  }

  /** The message that asks for this view, from where it stands. */
  request() {
    const resume = this.data === null ? {} : { since: this.revision, epoch: this.epoch };
    return Object.assign({ type: "subscribe" }, this.subscription, resume);
  }

  /**
   * @param {any} message snapshot or change
   * @returns {boolean} whether it was news
   */
  accept(message) {
    if (message.type === "change") {
      // A change that was overtaken by a newer snapshot must not bring back what was.
      if (this.data === null) return false;
      if (message.epoch === this.epoch && message.revision < this.revision) return false;
    }
    this.data = message.type === "snapshot" ? message.data : Object.assign({}, this.data, message.data);
    this.revision = message.revision;
    this.epoch = message.epoch;
    return true;
  }
}

export class Feed {
  /**
   * @param {{hall: string, token: string, clock: Clock, onStatus: (status: Status) => void}} options
   */
  constructor(options) {
    this._options = options;
    /** @type {Map<string, View<any>>} */
    this._views = new Map();
    /** @type {Map<string, {message: Object, sinceMs: number, resolve: (result: Answer|Refusal) => void}>} */
    this._commands = new Map();
    /** @type {WebSocket|null} */
    this._socket = null;
    /** @type {Status} */
    this.status = { phase: "connecting", sinceMs: null, code: null };
    /** @type {{message: Object, onGranted: (granted: boolean) => void}|null} */
    this._claim = null;
    /** Views that were asked for anew and have not come. @type {{left: Set<string>, resolve: () => void}|null} */
    this._refresh = null;
    this._lastId = 0;
    this._attempt = 0;
    this._heardMs = 0; // performance.now()
    this._heardServerMs = 0;
    this._pingMs = 0;
    this._opened = false;
    this._timers = { retry: 0, ping: 0, lost: 0 };
    this._wake = () => this._hurry();
    window.addEventListener("online", this._wake);
    document.addEventListener("visibilitychange", this._wake);
  }

  /**
   * Keep a view current, one of each name.
   * @template T
   * @param {Subscription} subscription
   * @param {(data: T, view: View<T>) => void} onData after every snapshot and change
   * @param {() => void} [onGone] when it cannot be had; without it the whole feed is refused then
   * @returns {View<T>}
   */
  subscribe(subscription, onData, onGone) {
    const before = this._views.get(subscription.view);
    if (before) this.unsubscribe(before);
    /** @type {View<T>} */
    const view = new View(subscription);
    view.onData = onData;
    view.onGone = onGone || null;
    this._views.set(subscription.view, view);
    this._send(view.request());
    return view;
  }

  /** Let go of a view. @param {View<any>} view */
  unsubscribe(view) {
    if (this._views.get(view.subscription.view) !== view) return;
    this._views.delete(view.subscription.view);
    this._send(Object.assign({ type: "unsubscribe" }, view.subscription));
  }

  /** The view that a message is about, if it is still wanted. @param {any} message @returns {View<any>|undefined} */
  _viewOf(message) {
    const view = this._views.get(message.view);
    const wanted = view && view.subscription.ticket;
    return wanted && message.ticket && wanted !== message.ticket ? undefined : view;
  }

  /**
   * Ask to be the one that speaks for a zone; asked again after each break, during which nobody has granted it.
   * @param {{zone?: string}} about
   * @param {(granted: boolean) => void} onGranted
   */
  claimAnnouncer(about, onGranted) {
    this._claim = { message: Object.assign({ type: "claim_announcer", screen: randomKey() }, about), onGranted };
    this._send(this._claim.message);
  }

  /** Connect; from now on the feed looks after itself. */
  open() {
    this._connect();
  }

  /**
   * Do something, once.
   * @param {Object} command `{window, command, ...}` as over HTTP
   * @param {{key?: string, ageMs?: number}} [before] of a command that was begun before the page was loaded again
   * @returns {Promise<Answer|Refusal>} resolves always; code `unconfirmed` when nobody answered in a minute
   */
  command(command, before) {
    const { key = randomKey(), ageMs = 0 } = before || {};
    this._lastId += 1;
    const id = String(this._lastId);
    const message = Object.assign({ type: "command", id, key }, command);
    return new Promise((resolve) => {
      this._commands.set(id, { message, sinceMs: performance.now(), resolve });
      window.setTimeout(() => this._settle(id, { ok: false, problem: { code: "unconfirmed" } }), COMMAND_MAX_MS - ageMs);
      this._send(message);
    });
  }

  /** @param {string} id @param {Answer|Refusal} result */
  _settle(id, result) {
    const entry = this._commands.get(id);
    if (!entry) return;
    this._commands.delete(id);
    entry.resolve(result);
  }

  /** @param {Object} message @returns {boolean} */
  _send(message) {
    if (!this._socket || this._socket.readyState !== WebSocket.OPEN) return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  _url() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return `${scheme}//${location.host}/v1/halls/${encodeURIComponent(this._options.hall)}/feed`;
  }

  _connect() {
    window.clearTimeout(this._timers.retry);
    this._timers.retry = 0;
    this._opened = false;
    let socket;
    try {
      socket = new WebSocket(this._url(), [PROTOCOL, `bearer.${this._options.token}`]);
    } catch (error) {
      // A token with characters that no subprotocol may have: it cannot be one of ours.
      this._refuse("unauthorised");
      return;
    }
    this._socket = socket;
    socket.onopen = () => this._onOpen(socket);
    socket.onmessage = (event) => this._onMessage(socket, event.data);
    socket.onclose = (event) => this._onClose(socket, event.code);
    this._heardMs = performance.now();
    window.clearInterval(this._timers.ping);
    this._timers.ping = window.setInterval(() => this._beat(socket), PING_MS);
  }

  /** @param {WebSocket} socket */
  _onOpen(socket) {
    if (socket !== this._socket) return;
    this._opened = true;
    this._heardMs = performance.now();
    this._views.forEach((view) => this._send(view.request()));
    if (this._claim) this._send(this._claim.message);
    this._commands.forEach((entry) => this._send(entry.message));
    this._ping();
  }

  _ping() {
    this._pingMs = performance.now();
    this._send({ type: "ping" });
  }

  /** @param {WebSocket} socket */
  _beat(socket) {
    if (socket !== this._socket) return;
    if (performance.now() - this._heardMs > DEAD_MS) {
      // Not waiting for the closing handshake: a dead peer never answers it.
      this._onClose(socket, 1006);
      socket.close();
    } else {
      this._ping();
    }
  }

  /** @param {WebSocket} socket @param {string} text */
  _onMessage(socket, text) {
    if (socket !== this._socket) return;
    const message = JSON.parse(text);
    this._heardMs = performance.now();
    switch (message.type) {
      case "pong":
        if (typeof message.server_ms === "number") {
          this._options.clock.sample(message.server_ms, this._pingMs, this._heardMs);
        }
        break;
      case "ping":
        this._send({ type: "pong", server_ms: Math.round(this._options.clock.now()) });
        break;
      case "snapshot":
      case "change":
        this._onView(message);
        break;
      case "announcer":
        if (this._claim) this._claim.onGranted(message.granted);
        break;
      case "result":
        this._settle(String(message.id), message);
        break;
      case "error":
        this._onError(socket, message);
        break;
      default: // a newer server may say more
    }
    this._heardServerMs = this._options.clock.now();
    // A resumed view with nothing missed brings no message of its own: the pong behind it says so.
    if (this._hasData()) this._live();
  }

  /** @param {any} message */
  _onView(message) {
    const view = this._viewOf(message);
    if (!view || !view.accept(message)) return;
    if (message.data && typeof message.data.server_ms === "number") this._options.clock.hint(message.data.server_ms);
    if (view.onData) view.onData(view.data, view);
    if (message.type === "snapshot" && this._refresh) {
      this._refresh.left.delete(message.view);
      if (this._refresh.left.size === 0) this._refresh.resolve();
    }
  }

  /**
   * A view that cannot be had: for good, or for now. Other errors are faults of ours: nothing to show.
   * @param {WebSocket} socket
   * @param {any} message
   */
  _onError(socket, message) {
    const view = this._viewOf(message);
    if (!view) return;
    if (view.optional || view.onGone) {
      this._views.delete(message.view);
      if (view.onGone) view.onGone();
      return;
    }
    const code = String(message.problem.code);
    socket.close();
    if (code === "store_unavailable" || code === "internal") return; // closed: it connects again
    this._refuse(code === "forbidden" || code === "unauthorised" ? code : "unknown");
  }

  /**
   * Ask for every view anew, as if nothing were known.
   * @returns {Promise<void>} when all have come; fails where they do not
   */
  refresh() {
    const asked = Array.from(this._views.values()).filter((view) => !view.optional);
    const sent = asked.every((view) => this._send(Object.assign({ type: "subscribe" }, view.subscription)));
    if (!sent) return Promise.reject(new Error("there is no connection"));
    return new Promise((resolve, reject) => {
      const refresh = { left: new Set(asked.map((view) => view.subscription.view)), resolve };
      this._refresh = refresh;
      window.setTimeout(() => reject(new Error("the server sent nothing")), REFRESH_LIMIT_MS);
    });
  }

  _hasData() {
    let all = true;
    this._views.forEach((view) => {
      if (view.data === null && !view.optional) all = false;
    });
    return all;
  }

  _live() {
    this._attempt = 0;
    window.clearTimeout(this._timers.lost);
    this._timers.lost = 0;
    this._setStatus({ phase: "live", sinceMs: null, code: null });
  }

  /** @param {WebSocket} socket @param {number} code */
  _onClose(socket, code) {
    if (socket !== this._socket) return;
    this._socket = null;
    window.clearInterval(this._timers.ping);
    if (code >= 4400 && code <= 4499) {
      this._refuse(CLOSE_CODES[code] || "unknown");
      return;
    }
    if (this.status.phase === "live" && !this._timers.lost) {
      const sinceMs = this._heardServerMs;
      this._timers.lost = window.setTimeout(() => {
        this._setStatus({ phase: "lost", sinceMs, code: null });
      }, LOST_AFTER_MS);
    }
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * Math.pow(2, this._attempt + 1));
    this._attempt += 1;
    const wait = BACKOFF_MIN_MS + Math.random() * (ceiling - BACKOFF_MIN_MS);
    this._timers.retry = window.setTimeout(() => this._connect(), wait);
    if (!this._opened) this._probe();
  }

  /** A refused handshake has no close code in a browser: ask over HTTP why. */
  _probe() {
    const url = `/v1/halls/${encodeURIComponent(this._options.hall)}`;
    fetch(url, { headers: { Authorization: `Bearer ${this._options.token}` } }).then(
      (response) => {
        if (HTTP_CODES[response.status] && this.status.phase !== "live") this._refuse(HTTP_CODES[response.status]);
      },
      () => undefined, // the server is away: the next attempt is already planned
    );
  }

  /** @param {string} code */
  _refuse(code) {
    this._socket = null;
    window.clearTimeout(this._timers.retry);
    window.clearTimeout(this._timers.lost);
    window.clearInterval(this._timers.ping);
    this._timers = { retry: 0, ping: 0, lost: 0 };
    Array.from(this._commands.keys()).forEach((id) => this._settle(id, { ok: false, problem: { code } }));
    this._setStatus({ phase: "refused", sinceMs: this._heardServerMs || null, code });
  }

  /** The network or the page came back: do not sit out a long wait. */
  _hurry() {
    if (this._timers.retry && !document.hidden) this._connect();
  }

  /** @param {Status} status */
  _setStatus(status) {
    const old = this.status;
    if (old.phase === status.phase && old.code === status.code) return;
    this.status = status;
    this._options.onStatus(status);
  }
}
