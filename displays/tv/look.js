/** What a hall chooses for its screens: colour, logo, blocks, how many calls. */

import { attrs, byId, text } from "/static/dom.js";

/** @typedef {import("/static/wire.js").ScreenLayout} ScreenLayout */

/** @param {string} accent the server lets through only colours on which words can be read */
export function renderAccent(accent) {
  const { style } = document.documentElement;
  if (style.getPropertyValue("--navy") !== accent) style.setProperty("--navy", accent);
}

/** @param {ScreenLayout} layout */
export function renderLook(layout) {
  renderAccent(layout.accent);
  text(byId("logo"), layout.logo);
  attrs(byId("logo"), { hidden: layout.logo === "" });
}

/** @param {ScreenLayout} layout */
export function renderBlocks(layout) {
  attrs(byId("page"), { "data-blocks": layout.blocks.join(" ") });
}
