/** The test picture: every edge of the screen, its colours, and which screen it is. */

import { el } from "/static/dom.js";
import { t } from "/static/words.js";

const SHOWN_MS = 5000;
const COLOURS = ["#ffffff", "#000000", "#d00000", "#008000", "#0000d0"];

/** @param {HTMLElement} node @param {Object<string, string>} styles */
function dress(node, styles) {
  // The pages' policy lets no attribute carry styles; properties are none.
  Object.keys(styles).forEach((name) => node.style.setProperty(name, styles[name]));
  return node;
}

/**
 * Show the test picture over the page.
 * @param {string} id of the device
 * @returns {Promise<void>} when it is gone again
 */
export function showPattern(id) {
  const stripes = COLOURS.map((colour) => dress(el("div"), { flex: "1", background: colour }));
  const bars = dress(el("div", {}, ...stripes), { display: "flex", flex: "1" });
  const size = `${window.innerWidth} x ${window.innerHeight}`;
  const words = dress(el("p", {}, t("device.test", { id, size })), {
    margin: "0",
    padding: "4vmin",
    "text-align": "center",
    "font-size": "7vmin",
    background: "#ffffff",
    color: "#000000",
  });
  const picture = dress(el("div", { id: "test-picture", role: "status" }, words, bars), {
    position: "fixed",
    top: "0",
    left: "0",
    width: "100vw",
    height: "100vh",
    "z-index": "1000",
    display: "flex",
    "flex-direction": "column",
    border: "1vmin solid #d00000",
    "box-sizing": "border-box",
  });
  document.body.append(picture);
  return new Promise((resolve) => {
    window.setTimeout(() => {
      picture.remove();
      resolve();
    }, SHOWN_MS);
  });
}
