/**
 * What every wall screen does: keep a view current, tell the hall's time, say when the picture is old,
 * say why it is refused, and move a little so that nothing burns in.
 */

import { Clock, hourMinute } from "/static/clock.js";
import { openDevice } from "/static/device.js";
import { attrs, byId } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { takeToken } from "/static/token.js";
import { t, tCode, translatePage } from "/static/words.js";
import { renderLink } from "/pages/tv/header.js";
import { showPattern } from "/pages/tv/pattern.js";

/** @typedef {import("/static/feed.js").Subscription} Subscription */

const BURN_IN_MS = 30 * 60 * 1000;
/** Where the page stands by turns, in design pixels. */
const SHIFTS = [[0, 0], [2, 0], [2, 2], [0, 2]];
/** Until a hall has told its own. */
const TIMEZONE = "Asia/Shanghai";

/** @template T */
export class Screen {
  /**
   * @param {string} hall
   * @param {Subscription} subscription
   * @param {(screen: Screen<T>) => string|undefined} render puts `data` in its places; answers the hall's time zone
   */
  constructor(hall, subscription, render) {
    this.clock = new Clock();
    /** @type {import("/static/feed.js").Status} */
    this.status = { phase: "connecting", sinceMs: null, code: null };
    /** @type {T|null} */
    this.data = null;
    /** Of the hall, as far as `data` tells; -1: it tells nothing yet. */
    this.revision = -1;
    this.timezone = TIMEZONE;
    this._hall = hall;
    this._subscription = subscription;
    this._render = render;
    /** Whether there is a place for it; a bar over a window says it in its own line. */
    this._tells = document.getElementById("link") !== null;
    /** @type {Feed|null} */
    this.feed = null;
    /** What tells the server how this screen is; null where the link names no device. @type {import("/static/device.js").Device|null} */
    this.device = null;
    /** @type {(live: boolean) => void} */
    this.onLive = () => {};
    /** Of the device that the link names. */
    this.deviceKind = "screen";
    /** When orders may be carried out; fails with the reason where they may not. @type {() => Promise<void>} */
    this.whenFree = () => Promise.resolve();
    this.onTick = () => {};
  }

  /**
   * @param {(data: T) => void} [onData] after every snapshot and change, before it is shown
   * @param {boolean} [wall] whether it hangs there for years: then it moves a little
   * @param {(feed: Feed, token: string) => void} [onFeed] before the feed opens
   */
  open(onData, wall = true, onFeed) {
    translatePage();
    const token = takeToken();
    if (token === null) {
      this.status = { phase: "refused", sinceMs: null, code: "none" };
    } else {
      const feed = new Feed({
        hall: this._hall,
        token,
        clock: this.clock,
        onStatus: (next) => {
          this.status = next;
          this.onLive(this.live);
          this._tellDevice();
          this.render();
        },
      });
      feed.subscribe(this._subscription, (/** @type {T} */ data, view) => {
        this.data = data;
        this.revision = view.revision;
        byId("page").setAttribute("data-revision", String(view.revision));
        if (onData) onData(data);
        this.render();
      });
      this.feed = feed;
      if (onFeed) onFeed(feed, token);
      this._openDevice(feed, token);
      feed.open();
    }
    this._tick(wall);
    window.setInterval(() => this._tick(wall), 1000);
  }

  /** @param {Feed} feed @param {string} token */
  _openDevice(feed, token) {
    const device = openDevice({ hall: this._hall, token, kind: this.deviceKind });
    if (device === null) return;
    device.on("test", () => this.whenFree().then(() => showPattern(device.id)));
    device.on("resend", () => feed.refresh());
    device.on("restart", () => this.whenFree().then(() => device.restart()));
    device.follow(feed);
    device.start();
    this.device = device;
  }

  /** A screen whose feed has gone may still be heard: it comes by another way. */
  _tellDevice() {
    if (this.device === null) return;
    const { phase, code } = this.status;
    this.device.set("feed_lost", phase === "lost");
    this.device.set("feed_refused", phase === "refused", code || "");
  }

  get live() {
    return this.status.phase === "live";
  }

  /** When the picture stopped, in the hall's time; empty while it has not. */
  get since() {
    return this.status.sinceMs === null ? "" : hourMinute(this.status.sinceMs, this.timezone);
  }

  /** Why the screen is refused, and who can mend that. */
  get refusal() {
    return tCode(`tv.refused.${this.status.code}`, "tv.refused.unknown");
  }

  /** What the footer says instead of notices; null while there is nothing wrong. */
  get trouble() {
    if (this.status.phase === "lost") return t("tv.stale", { time: this.since });
    return this.status.phase === "refused" ? t("tv.refusedCitizen") : null;
  }

  render() {
    attrs(byId("page"), { "data-phase": this.status.phase });
    if (this._tells && this.status.phase === "live") renderLink(true, t("live"));
    if (this._tells && this.status.phase === "lost") renderLink(false, t("lost", { time: this.since }));
    if (this._tells && this.status.phase === "connecting") renderLink(false, t("connecting"));
    this.timezone = this._render(this) || this.timezone;
  }

  /** @param {boolean} wall */
  _tick(wall) {
    this.onTick();
    this.render();
    if (!wall) return;
    const [x, y] = SHIFTS[Math.floor(this.clock.now() / BURN_IN_MS) % SHIFTS.length];
    byId("page").style.transform = `translate(calc(${x} * var(--u)), calc(${y} * var(--u)))`;
  }
}
