/** The screen over a window: its number, whom it calls, what it does; readable without colour. */

import { hourMinute } from "/static/clock.js";
import { attrs, byId, fill, shape, text } from "/static/dom.js";
import { pathParts } from "/static/token.js";
import { reasonOf } from "/static/standstill.js";
import { lang, named, t } from "/static/words.js";
import { renderAccent } from "/pages/tv/look.js";
import { Screen } from "/pages/tv/screen.js";
import { digitsWide, setFit, setLabel, setNumber } from "/pages/tv/size.js";

/** @typedef {import("/static/wire.js").Strip} Strip */
/** @typedef {{state: string, number: string, word: string, sign: import("/static/dom.js").Shape, services: string, hint: string}} Picture */

/** How long a call inverts by turns, for those who do not hear it. */
const CALLING_MS = 6000;
/** A reason that is longer has the line for itself. */
const REASON_WIDE = 18;

const [hall, , id] = pathParts();
/** @type {Screen<Strip>} */
const screen = new Screen(hall, { view: "strip", window: id }, render);
/** The call that was announced last; null before the first data: what was called before is not news. @type {string|null} */
let announced = null;
let timer = 0;

/** @type {Object<string, import("/static/dom.js").Shape>} */
const SIGNS = { calling: "down", serving: "disc", idle: "ring", paused: "bars", closed: "dash" };

/** @param {Strip} strip @returns {Picture} */
function picture(strip) {
  const { state } = strip;
  const all = named(strip.line2, strip.line2_en);
  const number = strip.number || "";
  const sign = SIGNS[state];
  if (strip.suspended) {
    const reason = reasonOf(strip.suspended);
    const time = hourMinute(strip.suspended.since_ms, strip.timezone);
    const hint = digitsWide(reason) > REASON_WIDE ? "" : t("window.hint.suspended", { time });
    return { state: "suspended", number: "", word: t("tv.suspended"), sign: "octagon", services: reason, hint };
  }
  if (state === "calling" || state === "serving") {
    const services = named(strip.service_name, strip.service_name_en);
    const again = state === "calling" && strip.calls > 1 ? t("window.hint.again", { n: strip.calls }) : "";
    const hint = again || t(state === "calling" ? "window.hint.calling" : "window.hint.serving");
    return { state, number, word: t(state === "calling" ? "window.calling" : "state.serving"), sign, services, hint };
  }
  if (state === "closed" && strip.opens_ms !== null) {
    const hint = t("window.hint.opening", { time: hourMinute(strip.opens_ms, strip.timezone) });
    return { state, number, word: t("window.opening"), sign: "clock", services: all, hint };
  }
  const words = /** @type {"idle"} */ (state);
  return { state, number, word: t(`window.${words}`), sign, services: all, hint: t(`window.hint.${words}`) };
}

function refusal() {
  const unknown = screen.status.code === "unknown" || screen.status.code === "unknown_hall";
  return unknown ? t("panel.refused.unknown") : screen.refusal;
}

/** @returns {Picture} */
function trouble() {
  const refused = screen.status.phase === "refused";
  return {
    state: "none",
    number: "",
    word: t(refused ? "tv.refused" : "tv.connecting"),
    sign: refused ? "triangle" : "clock",
    services: "",
    hint: refused ? refusal() : t("tv.connectingHint"),
  };
}

/** @param {string} call its number and how often it was called; empty: none */
function announce(call) {
  if (call === announced) return;
  const first = announced === null;
  announced = call;
  window.clearTimeout(timer);
  byId("page").classList.remove("fresh");
  if (!call || first) return;
  byId("page").getBoundingClientRect(); // a restart of the animation needs a layout between
  byId("page").classList.add("fresh");
  timer = window.setTimeout(() => byId("page").classList.remove("fresh"), CALLING_MS);
}

let sign = "";

function render() {
  const strip = screen.status.phase === "refused" ? null : screen.data;
  const shown = strip ? picture(strip) : trouble();
  const lost = screen.status.phase === "lost";
  attrs(byId("page"), { "data-state": shown.state, "data-number": shown.number !== "" });
  if (strip) {
    renderAccent(strip.accent);
    attrs(byId("page"), { "data-accent": strip.accent !== "" });
    setLabel(byId("label"), strip.label);
    text(byId("label-words"), t("window.label"));
    document.title = t("panel.window", { label: strip.label });
  }
  setNumber(byId("number"), shown.number);
  const word = lost && shown.number ? t("window.stale") : shown.word;
  text(byId("word"), word);
  attrs(byId("word"), { "data-fit": digitsWide(word) > 10 ? 2 : digitsWide(word) > 7.1 ? 1 : 0 });
  const drawn = lost ? "triangle" : shown.sign;
  if (sign !== drawn) {
    sign = drawn;
    fill(byId("sign"), [shape(drawn)]);
  }
  const hint = lost ? t("window.hint.lost", { time: screen.since }) : shown.hint;
  const services = lost ? "" : shown.services;
  text(byId("services"), services);
  text(byId("hint"), hint);
  setFit(/** @type {Element} */ (byId("hint").parentElement), `${services} ${hint}`, [17, 21, lang === "en" ? 28.5 : 26]);
  return strip ? strip.timezone : undefined;
}

screen.open((strip) => {
  announce(strip.state === "calling" && !strip.suspended ? `${strip.number} ${strip.calls}` : "");
});
