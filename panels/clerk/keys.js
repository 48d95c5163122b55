/** The buttons: the dominant one and the grid of keys, or the reasons for a pause in its place. */

import { attrs, byId, el, fill, text } from "/static/dom.js";
import { t } from "/static/words.js";
import { SECONDARY } from "/pages/clerk/acts.js";
import { CAPS } from "/pages/clerk/keyboard.js";

/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */
/** @typedef {import("/pages/clerk/acts.js").Offer} Offer */

export const REASONS = 5;

/**
 * A key of the grid. It is never `disabled` for the browser: pressed, it says why it does nothing.
 * @param {string} name
 * @param {string} cap
 * @param {() => void} onPress
 */
function makeKey(name, cap, onPress) {
  const node = el(
    "button",
    { type: "button", class: "key" },
    el("span", { class: "key-name" }, name),
    el("span", { class: "key-note" }),
    ...(cap ? [el("kbd", { class: "cap" }, cap)] : []),
  );
  // A mouse leaves no focus behind: the next Enter means the dominant button again.
  node.addEventListener("mousedown", (event) => event.preventDefault());
  node.addEventListener("click", () => {
    onPress();
    node.blur();
  });
  return node;
}

export class Keys {
  /**
   * @param {{act: (act: Secondary) => void, reason: (n: number) => void, back: () => void}} handlers
   */
  constructor(handlers) {
    /** @type {Map<Secondary, HTMLElement>} */
    this._acts = new Map();
    SECONDARY.forEach((act) => {
      const cap = CAPS[act] ? CAPS[act].key : "";
      const node = makeKey(t(`panel.act.${act}`), cap, () => handlers.act(act));
      node.id = `key-${act}`;
      this._acts.set(act, node);
    });
    /** @type {HTMLElement[]} */
    this._reasons = [];
    for (let n = 1; n <= REASONS; n += 1) {
      this._reasons.push(makeKey(reasonName(n), String(n), () => handlers.reason(n)));
    }
    this._reasons.push(makeKey(t("panel.act.back"), t("panel.key.esc"), handlers.back));
    /** Whether the reasons for a pause stand in place of the keys. */
    this.choosing = false;
    this._draw();
  }

  /** @param {boolean} choosing */
  choose(choosing) {
    if (choosing === this.choosing) return;
    this.choosing = choosing;
    this._draw();
  }

  _draw() {
    const node = byId("keys");
    attrs(node, { "data-choosing": this.choosing, role: "group", "aria-label": this.choosing ? t("panel.pauseFor") : null });
    fill(node, this.choosing ? this._reasons : Array.from(this._acts.values()));
  }

  /** @param {(act: Secondary) => Offer} offerOf */
  render(offerOf) {
    this._acts.forEach((node, act) => {
      const offer = offerOf(act);
      attrs(node, { "aria-disabled": offer.enabled ? null : "true" });
      text(/** @type {Element} */ (node.querySelector(".key-note")), offer.note);
    });
  }
}

/** @param {number} n @returns {string} */
export function reasonName(n) {
  return t(/** @type {import("/static/words.js").Key} */ (`panel.reason.${n}`));
}

/**
 * @param {string} name
 * @param {string} hint
 * @param {boolean} enabled
 * @param {boolean} pending
 */
export function renderDominant(name, hint, enabled, pending) {
  text(byId("dominant-name"), name);
  text(byId("dominant-hint"), hint);
  attrs(byId("dominant"), { "aria-disabled": enabled ? null : "true", "data-pending": pending });
}
