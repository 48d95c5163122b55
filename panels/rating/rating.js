/** The rating tablet of a window: idle until a service is completed there, then one question for whoever was served. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { levelButtons, levelName } from "/static/faces.js";
import { pathParts } from "/static/token.js";
import { lang, named, t } from "/static/words.js";
import { Screen } from "/pages/tv/screen.js";
import { Flow } from "/pages/rating/flow.js";

/** @typedef {import("/static/wire.js").Strip} Strip */
/** @typedef {import("/static/words.js").Key} Key */

const [hall, id] = pathParts();
const KEPT = `callq.rating:${location.pathname}:`;
/** In the address: the language to go back to when the question is over. */
const BACK = "back";

/** @type {Screen<Strip>} */
const screen = new Screen(hall, { view: "strip", window: id }, render);
screen.deviceKind = "rating";

const flow = new Flow({
  send: (call, level, reasons) => {
    if (!screen.feed) return Promise.resolve({ ok: /** @type {false} */ (false), problem: { code: "unconfirmed" } });
    const command = { ticket: call.ticket, command: "rate", step: call.step, before: call.before, level, reasons };
    return screen.feed.command(command, { key: `rate-${call.ticket}-${call.step}-${call.before}` });
  },
  store: {
    load: (name) => sessionStorage.getItem(KEPT + name),
    save: (name, value) => (value === null ? sessionStorage.removeItem(KEPT + name) : sessionStorage.setItem(KEPT + name, value)),
  },
  onChange: () => screen.render(),
});
// Nobody is interrupted by a test or a restart.
screen.whenFree = () => (flow.state === "idle" ? Promise.resolve() : Promise.reject(new Error("somebody is rating")));

/** @param {string} next language of the page, as long as this question stands */
function switchLanguage(next) {
  const query = new URLSearchParams(location.search);
  if (query.get(BACK) === next) query.delete(BACK);
  else query.set(BACK, lang);
  if (next === "zh") query.delete("lang");
  else query.set("lang", next);
  const rest = query.toString();
  location.replace(location.pathname + (rest ? `?${rest}` : ""));
}

/** The next one finds the page as the hall wants it. */
function comeBack() {
  const before = new URLSearchParams(location.search).get(BACK);
  if (before && flow.state === "idle" && screen.live) switchLanguage(before);
}

fill(byId("levels"), levelButtons((level) => flow.press(level)));

/** The levels alike, but for one that was pressed before the service went on once more. */
function renderLevels() {
  byId("levels").querySelectorAll("button").forEach((button) => {
    attrs(button, { "aria-pressed": Number(button.getAttribute("data-level")) === flow.level ? "true" : null });
  });
  text(byId("ask-hint"), flow.level ? t("rating.ask.again", { level: levelName(flow.level) }) : t("rating.ask.hint"));
}

/** @param {import("/static/wire.js").RatingCall} call */
function renderReasons(call) {
  const list = byId("reasons");
  const key = call.reasons.map((one) => one.code).join();
  if (list.getAttribute("data-key") !== key) {
    attrs(list, { "data-key": key });
    fill(
      list,
      call.reasons.map((one) => {
        const button = el("button", { type: "button", class: "reason", "data-reason": one.code }, shape("tick"), el("span", {}, named(one.name, one.name_en)));
        button.addEventListener("click", () => flow.toggle(one.code));
        return button;
      }),
    );
  }
  list.querySelectorAll("button").forEach((button) => {
    attrs(button, { "aria-pressed": String(flow.chosen.has(button.getAttribute("data-reason") || "")) });
  });
  text(byId("why-title"), t("rating.why", { level: levelName(flow.level) }));
  attrs(byId("submit"), { "aria-disabled": flow.chosen.size === 0 ? "true" : null });
}

/** @type {Object<string, {sign: import("/static/dom.js").Shape, title: Key, hint: Key}>} */
const ENDS = {
  sending: { sign: "clock", title: "rating.sending", hint: "rating.sending.hint" },
  thanks: { sign: "tick", title: "rating.thanks", hint: "rating.thanks.hint" },
  late: { sign: "triangle", title: "rating.late", hint: "rating.late.hint" },
  lost: { sign: "triangle", title: "rating.lost", hint: "rating.lost.hint" },
};

/** @returns {[string, string]} title and words while nothing is asked */
function calm() {
  const { phase } = screen.status;
  if (phase === "refused") return [t("tv.refused"), screen.refusal];
  if (phase === "connecting") return [t("connecting"), t("tv.connectingHint")];
  if (phase === "lost") return [t("lost", { time: screen.since }), t("rating.stale")];
  return [t("rating.idle"), t("rating.idle.hint")];
}

function render() {
  const strip = screen.status.phase === "refused" ? null : screen.data;
  flow.follow(strip ? strip.rating : null, screen.clock.now(), screen.live);
  const { state, call } = flow;
  attrs(byId("page"), { "data-state": state, "data-question": call && state !== "idle" ? `${call.ticket}/${call.step}` : null });
  attrs(byId("calm"), { hidden: state !== "idle" });
  attrs(byId("ask"), { hidden: state !== "ask" });
  attrs(byId("why"), { hidden: state !== "why" });
  const end = ENDS[state];
  attrs(byId("end"), { hidden: !end });
  const [title, words] = calm();
  text(byId("calm-title"), title);
  text(byId("calm-text"), words);
  if (end) {
    if (byId("end-sign").getAttribute("data-sign") !== end.sign) {
      attrs(byId("end-sign"), { "data-sign": end.sign });
      fill(byId("end-sign"), [shape(end.sign)]);
    }
    text(byId("end-title"), t(end.title));
    text(byId("end-text"), t(end.hint));
  }
  if (strip) {
    const label = t("panel.window", { label: strip.label });
    text(byId("label"), label);
    text(byId("services"), named(strip.line2, strip.line2_en));
    document.title = `${label} ${t("rating.title")}`;
  }
  const asking = state === "ask" || state === "why";
  text(byId("number"), asking && call ? t("rating.number", { number: call.number }) : "");
  attrs(byId("link"), { hidden: asking && screen.live });
  if (call && state === "ask") renderLevels();
  if (call && state === "why") renderReasons(call);
  attrs(byId("foot"), { hidden: !asking });
  attrs(byId("back"), { hidden: state !== "why" });
  attrs(byId("submit"), { hidden: state !== "why" });
  text(byId("skip"), t(state === "why" ? "rating.noReason" : "rating.skip"));
  const minutes = strip && call ? Math.round((call.until_ms - call.asked_ms) / 60000) : 0;
  text(byId("foot-text"), asking && call && state === "ask" ? t("rating.until", { minutes: Math.max(1, minutes), hours: call.phone_h }) : "");
  if (state === "idle") comeBack();
  return strip ? strip.timezone : undefined;
}

byId("skip").addEventListener("click", () => (flow.state === "why" ? flow.submit(false) : flow.skip()));
byId("submit").addEventListener("click", () => {
  if (flow.chosen.size > 0) flow.submit(true);
});
byId("back").addEventListener("click", () => flow.back());
byId("language").addEventListener("click", () => switchLanguage(lang === "zh" ? "en" : "zh"));
// A finger that stays on the glass opens no menu.
document.addEventListener("contextmenu", (event) => event.preventDefault());
// What scrolls does not move against burn-in besides: an edge would stick out.
screen.open(undefined, window.matchMedia("(min-aspect-ratio: 1/1) and (min-width: 701px)").matches);
