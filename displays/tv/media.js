/**
 * Pictures and videos by turns. One that is missing or broken is passed over for a minute and named in
 * `data-media-faults`; a page holds one picture and one video at a time, however long it runs.
 */

import { attrs, byId } from "/static/dom.js";

/** @typedef {import("/static/wire.js").ScreenMedia} ScreenMedia */

/** So long nothing may happen until an item counts as broken. */
const STALL_MS = 15000;
/** After which one that was broken is tried again. */
const AGAIN_MS = 60000;

export class Media {
  constructor() {
    /** @type {ScreenMedia[]} */
    this._items = [];
    this._key = "";
    this._pictureMs = 12000;
    this._at = -1;
    this._on = false;
    this._timer = 0;
    /** When each broken one was last tried, by its address. @type {Object<string, number>} */
    this._broken = {};
    this._picture = /** @type {HTMLImageElement} */ (byId("media-picture"));
    this._video = /** @type {HTMLVideoElement} */ (byId("media-video"));
    this._video.muted = true;
    this._picture.addEventListener("load", () => this._begun("picture"));
    this._picture.addEventListener("error", () => this._fails("picture"));
    this._video.addEventListener("playing", () => this._begun("video"));
    this._video.addEventListener("timeupdate", () => this._goesOn());
    this._video.addEventListener("ended", () => this._isShown("video") && this._next());
    this._video.addEventListener("error", () => this._fails("video"));
  }

  /**
   * @param {import("/static/wire.js").ScreenLayout} layout
   * @param {boolean} on whether they play: not while the hall stands still or the picture is old
   */
  render(layout, on) {
    const key = JSON.stringify(layout.media);
    if (key !== this._key) {
      this._key = key;
      this._items = layout.media;
      this._at = -1;
      this._broken = {};
      this._tell();
      if (this._on) this._next();
    }
    this._pictureMs = layout.picture_s * 1000;
    if (on === this._on) return;
    this._on = on;
    if (on) this._next();
    else this._stop();
  }

  _stop() {
    window.clearTimeout(this._timer);
    this._video.pause();
    attrs(byId("media"), { "data-playing": null });
  }

  /** @param {ScreenMedia["kind"]} kind */
  _isShown(kind) {
    const item = this._items[this._at];
    return this._on && item !== undefined && item.kind === kind;
  }

  _next() {
    window.clearTimeout(this._timer);
    const now = Date.now();
    const count = this._items.length;
    for (let step = 1; step <= count; step += 1) {
      const at = (this._at + step) % count;
      const tried = this._broken[this._items[at].url];
      if (tried === undefined || now - tried >= AGAIN_MS || now < tried) {
        this._at = at;
        this._load(this._items[at]);
        return;
      }
    }
    this._at = -1;
    this._clear("picture");
    this._clear("video");
    attrs(byId("media"), { "data-playing": null });
    if (count > 0) this._timer = window.setTimeout(() => this._on && this._next(), AGAIN_MS);
  }

  /** @param {ScreenMedia} item */
  _load(item) {
    this._timer = window.setTimeout(() => this._fails(item.kind), STALL_MS);
    if (item.kind === "picture") {
      this._picture.src = item.url;
      return;
    }
    this._video.src = item.url;
    const playing = this._video.play();
    // What keeps it from playing is told by its error, or by nothing happening.
    if (playing) playing.catch(() => undefined);
  }

  /** @param {ScreenMedia["kind"]} kind */
  _begun(kind) {
    if (!this._isShown(kind)) return;
    const { url } = this._items[this._at];
    delete this._broken[url];
    this._tell();
    this._clear(kind === "picture" ? "video" : "picture");
    attrs(kind === "picture" ? this._picture : this._video, { hidden: false });
    attrs(byId("media"), { "data-playing": url });
    window.clearTimeout(this._timer);
    if (kind === "video") this._goesOn();
    else if (this._items.length > 1) this._timer = window.setTimeout(() => this._next(), this._pictureMs);
  }

  _goesOn() {
    if (!this._isShown("video")) return;
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._fails("video"), STALL_MS);
  }

  /** @param {ScreenMedia["kind"]} kind */
  _fails(kind) {
    if (!this._isShown(kind)) return;
    this._broken[this._items[this._at].url] = Date.now();
    this._tell();
    this._next();
  }

  /** @param {ScreenMedia["kind"]} kind */
  _clear(kind) {
    const node = kind === "picture" ? this._picture : this._video;
    attrs(node, { hidden: true });
    if (!node.hasAttribute("src")) return;
    node.removeAttribute("src");
    if (kind === "video") this._video.load(); // frees what it holds
  }

  /** Names of files that are missing or broken, empty: none. @returns {string} */
  get faults() {
    return Object.keys(this._broken).map((url) => decodeURIComponent(url.split("/").pop() || "")).join(", ");
  }

  _tell() {
    attrs(byId("page"), { "data-media-faults": this.faults || null });
  }
}
