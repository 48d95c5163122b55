/** Buttons that say why they do nothing, at the place where they stand. */

import { attrs, el } from "/static/dom.js";
import { t } from "/static/words.js";

/**
 * @typedef {Object} Context what every sheet works with
 * @property {() => import("/static/wire.js").Desk} desk
 * @property {() => number} now server time
 * @property {import("/pages/desk/press.js").Presses} presses
 * @property {(permission: string) => boolean} may
 * @property {() => string} hindrance why a press would count for nothing now; empty: it counts
 * @property {(kind: "done"|"refused"|"pending", words: string) => void} say
 * @property {(press: import("/pages/desk/press.js").Press, done: string|((answer: any) => string)) => Promise<any>} act answers null where it was refused
 * @property {() => void} home
 * @property {() => string} role
 */

export class Buttons {
  /** @param {Context} context */
  constructor(context) {
    this._context = context;
    /** @type {{node: HTMLElement, why: () => string}[]} */
    this._all = [];
  }

  /**
   * @param {string} kind class and test handle
   * @param {string} name
   * @param {() => void} press
   * @param {() => string} [why] what stands in the way of it; empty: nothing
   */
  make(kind, name, press, why) {
    const node = el("button", { type: "button", class: `act do-${kind}` }, name);
    const one = { node, why: why || (() => "") };
    this._all.push(one);
    node.addEventListener("click", () => {
      const hindrance = this._context.hindrance() || one.why();
      if (hindrance) this._context.say("refused", t("receipt.refused", { act: node.textContent || name, why: hindrance }));
      else press();
    });
    return node;
  }

  /** Show what can be pressed now. */
  update() {
    const hindrance = this._context.hindrance();
    this._all.forEach(({ node, why }) => {
      const words = hindrance || why();
      attrs(node, { "aria-disabled": words ? "true" : null, title: words || null });
    });
  }
}
