/** The list of pages that a token opens; or the demo's links; or how to get a token. */

import { byId, el, fill, shape } from "/static/dom.js";
import { takeFragment } from "/static/token.js";
import { lang, named, t, translatePage } from "/static/words.js";

/** @typedef {{title: string, href: string, note?: string}} Link */
/** @typedef {{id: string, name: string, name_en: string}} HallName */
/** @typedef {{token: string, clerk: string}} Pass */
/** @typedef {{id: string, name: string, name_en: string,
 *   zones: {code: string, name: string, name_en: string, place: string}[],
 *   windows: {id: string, label: string, directions: string}[], may: string[]}} HallInfo */

const BESIDE = /^(entrance$|window\/)/;

/** @param {Link} link @returns {HTMLElement} */
function linkNode(link) {
  const words = el("span", { class: "link-words" }, el("strong", {}, link.title));
  if (link.note) words.append(el("span", { class: "note" }, link.note));
  return el("li", {}, el("a", { class: "link", href: link.href, target: "_blank", rel: "noopener" }, words, shape("arrow")));
}

/** @param {Link[]} links */
const linkList = (links) => el("ul", { class: "links" }, ...links.map(linkNode));

/**
 * The demo's fragment: `county,tv/all=TOKEN,panel/w1=TOKEN=c01`; a third part is who may sign in there.
 * @param {string} text
 * @returns {{hall: string, passes: Map<string, Pass>}}
 */
export function readPasses(text) {
  const [hall, ...entries] = text.split(",");
  const passes = new Map();
  entries.forEach((entry) => {
    const [page, token, clerk] = entry.split("=");
    if (page && token) passes.set(page, { token, clerk: clerk || "" });
  });
  return { hall, passes };
}

/** @param {string} words */
const trouble = (words) => el("section", { class: "card trouble" }, shape("triangle"), el("p", {}, words));

function noToken() {
  return el(
    "section",
    { class: "card" },
    el("h2", {}, t("home.noToken")),
    el("p", { class: "hint" }, t("home.noTokenHint")),
    el("p", { class: "code" }, "callq token create --role admin"),
    el("p", {}, t("home.noTokenUrl")),
    el("p", { class: "code" }, `${location.origin}/#token=…`),
    el("p", { class: "hint" }, t("home.demoHint")),
  );
}

/**
 * @param {string} path
 * @param {string} token
 * @returns {Promise<any>} rejects with the status, or 0 where nobody answers
 */
function get(path, token) {
  return fetch(path, { headers: { Authorization: `Bearer ${token}` } }).then(
    (response) => (response.ok ? response.json() : Promise.reject(response.status)),
    () => Promise.reject(0),
  );
}

/** What a token has to be allowed to open a page. @type {Object<string, string>} */
const NEEDS = { floor: "read_floor", desk: "find_tickets", cases: "list_ratings", editor: "read_config", kiosk: "issue" };

/** Pages of the hall that a demo's pass of the floor page opens: a terminal is narrow. */
const BY_FLOOR = ["desk", "cases", "editor", "kiosk"];

/**
 * @param {HallInfo} info
 * @param {(page: string) => Pass|undefined} passOf what opens `tv/hall` or `panel/w1`; not listed without
 * @param {string} hint
 */
function hallNode(info, passOf, hint) {
  const query = lang === "en" ? "?lang=en" : "";
  /** @param {string} kind @param {string} id @param {string} title @param {string} place @returns {Link[]} */
  const links = (kind, id, title, place) => {
    // Screens that belong to no zone open with the token of the whole hall's.
    const pass = passOf(`${kind}/${id}`) || (kind === "tv" && BESIDE.test(id) ? passOf("tv/all") : undefined);
    if (!pass) return [];
    const note = pass.clerk ? t("home.yours", { clerk: pass.clerk }) : place;
    const path = `/${kind}/${encodeURIComponent(info.id)}/${id.split("/").map(encodeURIComponent).join("/")}`;
    return [{ title, href: `${path}${query}#token=${encodeURIComponent(pass.token)}`, note }];
  };
  const screens = info.zones.map((zone) => links("tv", zone.code, named(zone.name, zone.name_en), zone.place));
  screens.push(links("tv", "all", t("home.wholeHall"), ""), links("tv", "entrance", t("home.entrance"), ""));
  const bars = info.windows.map((window) => links("tv", `window/${window.id}`, t("home.bar", { label: window.label }), ""));
  /** @param {"floor"|"desk"|"cases"|"editor"|"kiosk"} page @param {string} title @param {string} note @returns {Link[]} */
  const whole = (page, title, note) => {
    const pass = passOf(page);
    return pass ? [{ title, href: `/${page}/${encodeURIComponent(info.id)}${query}#token=${encodeURIComponent(pass.token)}`, note }] : [];
  };
  const floor = whole("floor", t("home.floor"), t("home.floorHint")).concat(
    whole("desk", t("desk.title"), t("home.deskHint")),
    whole("cases", t("cases.title"), t("home.casesHint")),
    whole("editor", t("home.editor"), t("home.editorHint")),
  );
  const kiosk = whole("kiosk", t("kiosk.title"), "");
  const panels = info.windows.map((window) =>
    links("panel", window.id, t("home.window", { label: window.label }), window.directions),
  );
  /** @type {Link[]} */
  const none = [];
  return el(
    "section",
    { class: "card" },
    el("h2", {}, named(info.name, info.name_en)),
    el("p", { class: "hint" }, hint),
    el("h3", {}, t("home.screens")),
    linkList(none.concat(...screens)),
    el("h3", {}, t("home.bars")),
    linkList(none.concat(...bars)),
    ...(kiosk.length ? [el("h3", {}, t("home.kiosks")), linkList(kiosk)] : []),
    ...(floor.length ? [el("h3", {}, t("home.floors")), linkList(floor)] : []),
    el("h3", {}, t("home.panels")),
    linkList(none.concat(...panels)),
  );
}

/** @param {string} text @returns {Promise<HTMLElement[]>} */
function demoNodes(text) {
  const { hall, passes } = readPasses(text);
  const first = Array.from(passes.values())[0];
  if (!first) return Promise.reject(401);
  return get(`/v1/halls/${encodeURIComponent(hall)}`, first.token).then((info) => [
    hallNode(info, (page) => passes.get(BY_FLOOR.indexOf(page) < 0 ? page : "floor"), t("home.linksHint")),
  ]);
}

/** @param {string} token @returns {Promise<HTMLElement[]>} */
function hallNodes(token) {
  return get("/v1/halls", token).then((/** @type {{halls: HallName[]}} */ list) => {
    if (list.halls.length === 0) return [trouble(t("home.empty"))];
    const nodes = list.halls.map((name) =>
      get(`/v1/halls/${encodeURIComponent(name.id)}`, token).then((info) =>
        hallNode(
          info,
          (page) => (page in NEEDS && info.may.indexOf(NEEDS[page]) < 0 ? undefined : { token, clerk: "" }),
          t("home.rights"),
        ),
      ),
    );
    return Promise.all(nodes);
  });
}

translatePage();
document.title = t("home.title");
byId("language").setAttribute("href", lang === "en" ? "/" : "/?lang=en");
const links = takeFragment("links", "callq.home.links");
const token = takeFragment("token", "callq.home.token");
const lead = el("p", { class: "lead" }, t("home.lead"));
if (links || token) {
  fill(byId("main"), [lead, el("p", { class: "hint" }, t("home.loading"))]);
  Promise.all([links ? demoNodes(links) : [], token ? hallNodes(token) : []]).then(
    ([demo, halls]) => fill(byId("main"), [lead, ...demo, ...halls]),
    (status) => fill(byId("main"), [trouble(t(status ? "home.bad" : "home.away")), ...(status ? [noToken()] : [])]),
  );
} else {
  fill(byId("main"), [noToken()]);
}
