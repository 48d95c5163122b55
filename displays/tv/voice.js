/**
 * The announcer of a zone: says calls one at a time and in their order, each when its turn has come,
 * none that is old, and stops in the middle of one that is taken back.
 */

/** @typedef {import("/static/wire.js").Announcement} Announcement */
/** @typedef {import("/static/wire.js").Announcements} Announcements */

/**
 * `standby`: another screen speaks for this zone; `blocked`: the browser lets no page sound before somebody has touched it; `failed`: the server has no
 * sound for us; `quiet`: hours in which nothing is said.
 * @typedef {"ready"|"speaking"|"standby"|"quiet"|"blocked"|"failed"} VoiceState
 */

/** A browser that allows sound says so within this. */
const ALLOWED_WITHIN_MS = 1500;
/** A turn in a shared room that was missed by more than this is left to the next zone. */
const LATE_MS = 500;
/** Of what was said so many are remembered, lest one be said twice. */
const REMEMBERED = 200;
const RETRY_MS = 1000;
/** A sound that has not come by then is asked for again: it must not keep the calls behind it. */
const ANSWER_LIMIT_MS = 4000;

/** What the server answered. */
class NoSound extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

export class Announcer {
  /**
   * @param {{token: string, clock: import("/static/clock.js").Clock, onState: () => void}} options `onState` is
   *   called whenever `state` or `speaking` has changed
   */
  constructor(options) {
    this._options = options;
    /** @type {Announcements|null} */
    this._data = null;
    this._live = false;
    /** Whether this is the screen that speaks; null: not known. @type {boolean|null} */
    this._granted = null;
    this._failed = false;
    /** Said, or not to be said any more. @type {Set<string>} */
    this._done = new Set();
    /** @type {Map<string, Promise<AudioBuffer>>} */
    this._sounds = new Map();
    /** @type {{item: Announcement, source: AudioBufferSourceNode|null}|null} */
    this._current = null;
    this._timer = 0;
    this._context = new AudioContext();
    this._gain = this._context.createGain();
    this._gain.connect(this._context.destination);
    this._begunMs = performance.now();
    /** @type {VoiceState} */
    this.state = "ready";
    /** What `speaking` was when that was told last. @type {string|null} */
    this._told = null;
    this._context.onstatechange = () => this.tick();
    const unlock = () => this._context.resume().then(() => this.tick());
    ["pointerdown", "click", "keydown", "touchend"].forEach((name) => document.addEventListener(name, unlock));
  }

  /** Id of what is being said, or null. @returns {string|null} */
  get speaking() {
    return this._current && this._current.source ? this._current.item.id : null;
  }

  /** @param {boolean} live whether the screen shows the present state */
  setLive(live) {
    this._live = live;
    if (!live) this._granted = null;
    this.tick();
  }

  /** @param {boolean} granted whether the server lets this screen speak for its zone */
  setGranted(granted) {
    this._granted = granted;
    this.tick();
  }

  /** Whether the browser lets this page sound. @returns {boolean} */
  get allowed() {
    return this._context.state === "running";
  }

  /** @param {Announcements} data */
  update(data) {
    const now = this._options.clock.now();
    if (this._data === null) {
      // What was called before this page was opened has been said, by it or by whoever was there.
      data.announcements.filter((item) => item.from_ms < now - RETRY_MS).forEach((item) => this._done.add(item.id));
    }
    this._data = data;
    const known = new Set(data.announcements.map((item) => item.id));
    if (this._current && !this._stands(this._current.item)) this._stop();
    Array.from(this._sounds.keys())
      .filter((id) => !known.has(id))
      .forEach((id) => this._sounds.delete(id));
    data.announcements.filter((item) => this._wanted(item, now)).forEach((item) => this._load(item));
    this.tick();
  }

  /** Do what is due; called whenever something has changed, and once a second. */
  tick() {
    window.clearTimeout(this._timer);
    this._timer = 0;
    this._advance();
    const state = this._stateNow();
    const speaking = this.speaking;
    if (state !== this.state || speaking !== this._told) {
      this.state = state;
      this._told = speaking;
      this._options.onState();
    }
  }

  /** @returns {VoiceState} */
  _stateNow() {
    if (!this.allowed && performance.now() - this._begunMs > ALLOWED_WITHIN_MS) return "blocked";
    if (this.speaking !== null) return "speaking";
    if (this._granted === false) return "standby";
    if (this._failed) return "failed";
    return this._volume(this._options.clock.now()) === 0 ? "quiet" : "ready";
  }

  _advance() {
    if (this._current || !this._data) return;
    const now = this._options.clock.now();
    for (const item of this._data.announcements) {
      if (this._done.has(item.id)) continue;
      if (now < item.from_ms) {
        this._timer = window.setTimeout(() => this.tick(), item.from_ms - now);
        return;
      }
      const other = this._granted === false && now > item.from_ms + RETRY_MS;
      if (!this._wanted(item, now) || this._volume(now) === 0 || other) {
        this._finish(item);
      } else if (this._granted && this._live && this.allowed) {
        this._speak(item);
        return;
      }
    }
  }

  /**
   * Whether a call has not been taken back; one that was repeated meanwhile may be ended before its next.
   * @param {Announcement} item
   * @returns {boolean}
   */
  _stands(item) {
    const data = /** @type {Announcements} */ (this._data);
    return data.announcements.some((one) => one.number === item.number && one.window === item.window);
  }

  /** @param {Announcement} item @param {number} now @returns {boolean} */
  _wanted(item, now) {
    return item.state === "called" && now < item.expires_ms && !this._done.has(item.id);
  }

  /** @param {Announcement} item */
  _speak(item) {
    /** @type {{item: Announcement, source: AudioBufferSourceNode|null}} */
    const turn = { item, source: null };
    this._current = turn;
    this._load(item).then(
      (sound) => {
        if (this._current === turn) this._begin(turn, sound);
      },
      (error) => {
        if (this._current === turn) this._missed(turn, error);
      },
    );
  }

  /** @param {{item: Announcement, source: AudioBufferSourceNode|null}} turn @param {AudioBuffer} sound */
  _begin(turn, sound) {
    const { item } = turn;
    const data = /** @type {Announcements} */ (this._data);
    const now = this._options.clock.now();
    const latest = data.announcements.find((one) => one.id === item.id);
    const late = latest !== undefined && data.room.length > 1 && this._isLate(latest, now, sound.duration * 1000);
    if (!latest || !this._wanted(latest, now) || late || !this._live || !this._granted) {
      if (this._live && this._granted) this._finish(item);
      this._current = null;
      this.tick();
      return;
    }
    const source = this._context.createBufferSource();
    source.buffer = sound;
    source.connect(this._gain);
    this._gain.gain.value = this._volume(now) / 100;
    source.onended = () => {
      this._current = null;
      this.tick();
    };
    this._finish(item);
    this._failed = false;
    turn.source = source;
    source.start();
    this.tick();
  }

  /**
   * Whether a call of a shared room would run into what other zones say. A sound that is longer than its turn is no
   * reason: it would never be heard.
   * @param {Announcement} item
   * @param {number} now
   * @param {number} lastsMs
   * @returns {boolean}
   */
  _isLate(item, now, lastsMs) {
    return now + Math.min(lastsMs, item.until_ms - item.from_ms) > item.until_ms + LATE_MS;
  }

  /** @param {{item: Announcement}} turn @param {Error} error */
  _missed(turn, error) {
    this._sounds.delete(turn.item.id);
    const gone = error instanceof NoSound && error.status === 404;
    this._failed = !gone;
    if (error instanceof NoSound) this._finish(turn.item);
    // Without an answer it is asked for again, as long as the call is fresh.
    window.setTimeout(
      () => {
        if (this._current === turn) this._current = null;
        this.tick();
      },
      error instanceof NoSound ? 0 : RETRY_MS,
    );
  }

  /** Taken back: not a word more. */
  _stop() {
    const current = this._current;
    this._current = null;
    if (!current) return;
    this._finish(current.item);
    if (current.source) {
      current.source.onended = null;
      current.source.stop();
    }
  }

  /** @param {Announcement} item */
  _finish(item) {
    this._sounds.delete(item.id);
    this._done.add(item.id);
    if (this._done.size > REMEMBERED) this._done.delete(this._done.values().next().value || "");
  }

  /**
   * The sound of a call, asked for once.
   * @param {Announcement} item
   * @returns {Promise<AudioBuffer>}
   */
  _load(item) {
    const before = this._sounds.get(item.id);
    if (before) return before;
    const headers = { Authorization: `Bearer ${this._options.token}` };
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), ANSWER_LIMIT_MS);
    const sound = fetch(item.audio_url, { headers, signal: stop.signal })
      .then((answer) => {
        if (!answer.ok) throw new NoSound(answer.status);
        return answer.arrayBuffer();
      })
      .then((content) => {
        window.clearTimeout(timer);
        return this._context.decodeAudioData(content);
      });
    // Who waits for it hears of a failure; that nobody waits yet is none.
    sound.catch(() => undefined);
    this._sounds.set(item.id, sound);
    return sound;
  }

  /** Percent. @param {number} now @returns {number} */
  _volume(now) {
    const rows = this._data ? this._data.volumes : [];
    const begun = rows.filter((row) => row.from_ms <= now);
    const row = begun[begun.length - 1] || rows[0];
    return row ? row.volume : 0;
  }
}
