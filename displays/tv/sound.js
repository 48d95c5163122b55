/** The announcer and the line that says when it cannot be heard. */

import { attrs, byId, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { digitsWide } from "/pages/tv/size.js";
import { Announcer } from "/pages/tv/voice.js";

export class SoundLine {
  /**
   * @param {string} token
   * @param {import("/static/clock.js").Clock} clock
   * @param {(onGranted: (granted: boolean) => void) => void} claim asks the server to let this screen speak
   * @param {() => void} onChange the line takes more or less room
   */
  constructor(token, clock, claim, onChange) {
    this._node = byId("sound");
    this._claim = claim;
    this._claimed = false;
    this.announcer = new Announcer({
      token,
      clock,
      onState: () => {
        this._render();
        this._ask();
        onChange();
      },
    });
    this._render();
  }

  /** A screen that cannot be heard must not keep another from speaking. */
  _ask() {
    if (this._claimed || !this.announcer.allowed) return;
    this._claimed = true;
    this._claim((granted) => this.announcer.setGranted(granted));
  }

  /** Once a second. */
  tick() {
    this._ask();
    this.announcer.tick();
  }

  /** Hanzi of the footer that the line takes up. @returns {number} */
  get taken() {
    return this._node.hidden ? 0 : Math.ceil(digitsWide(this._node.textContent || "") / 1.75);
  }

  _render() {
    const { state, speaking } = this.announcer;
    attrs(byId("page"), { "data-voice": state, "data-speaking": speaking });
    const silent = state === "blocked" || state === "failed";
    text(this._node, silent ? t(state === "blocked" ? "tv.soundBlocked" : "tv.soundFailed") : "");
    attrs(this._node, { hidden: !silent });
  }
}
