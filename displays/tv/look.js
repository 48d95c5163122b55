/** What a hall chooses for its screens: colour, logo, blocks, how many calls. */

import { attrs, byId, text } from "/static/dom.js";

/** @typedef {import("/static/wire.js").ScreenLayout} ScreenLayout */

/** @param {ScreenLayout} layout the server lets through only colours on which words can be read */
export function renderLook(layout) {
  const { style } = document.documentElement;
  if (style.getPropertyValue("--navy") !== layout.accent) style.setProperty("--navy", layout.accent);
  text(byId("logo"), layout.logo);
  attrs(byId("logo"), { hidden: layout.logo === "" });
}

/** @param {ScreenLayout} layout */
export function renderBlocks(layout) {
  attrs(byId("page"), { "data-blocks": layout.blocks.join(" ") });
}
