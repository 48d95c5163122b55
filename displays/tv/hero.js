/** The large place: the newest call, or why there is none. */

import { attrs, byId, shape, text } from "/static/dom.js";
import { hourMinute } from "/static/clock.js";
import { named, t } from "/static/words.js";
import { HIGHLIGHT_MS } from "/pages/tv/calls.js";
import { setFit, setLabel, setNumber } from "/pages/tv/size.js";
import { wayTo } from "/pages/tv/where.js";

/** @typedef {import("/static/wire.js").BoardCall} BoardCall */

export class Hero {
  constructor() {
    this._node = byId("hero");
    this._shownMs = -Infinity;
    byId("hero-arrow").appendChild(shape("arrow"));
  }

  /** Fade in and blink: somebody has to get up now. */
  announce() {
    this._shownMs = performance.now();
    this._node.classList.remove("fresh");
    this._node.getBoundingClientRect(); // a restart of the animation needs a layout between
    this._node.classList.add("fresh");
  }

  /**
   * @param {BoardCall} call
   * @param {{live: boolean, timezone: string, where: string}} context `where`: the place to tell, if any
   */
  renderCall(call, context) {
    // Even if the person was quick.
    const waiting = call.state === "called" || performance.now() - this._shownMs < HIGHLIGHT_MS;
    const now = context.live && waiting;
    attrs(this._node, { "data-mode": "call", "data-now": now, "data-alert": false });
    const label = now ? t("tv.calling") : t("tv.lastCall", { time: hourMinute(call.at_ms, context.timezone) });
    text(byId("call-label"), label);
    text(byId("plate-label"), t(waiting ? "tv.window" : "tv.lastWindow"));
    attrs(byId("call-again"), { hidden: !(now && call.calls > 1) });
    setNumber(byId("hero-number"), call.number);
    setLabel(byId("hero-window"), call.label);
    const directions = wayTo(context.where, named(call.directions, call.directions_en));
    const service = named(call.service_name, call.service_name_en);
    text(byId("hero-service"), service);
    text(byId("hero-directions"), directions);
    setFit(byId("hero-way"), `${service} ${directions}`, [20, 25, 32]);
  }

  /**
   * @param {string} title
   * @param {string} words
   * @param {boolean} [alert] everybody in the hall has to do something now
   */
  renderMessage(title, words, alert = false) {
    attrs(this._node, { "data-mode": "message", "data-now": false, "data-alert": alert });
    text(byId("message-title"), title);
    text(byId("message-text"), words);
    setFit(byId("message-title"), title, [5, 9]);
    setFit(byId("message-text"), words, [60]);
  }
}
