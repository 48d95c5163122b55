/** The list of pages that a token opens; or the demo's links; or how to get a token. */

import { byId, el, fill, shape } from "/static/dom.js";
import { takeFragment } from "/static/token.js";
import { lang, t, translatePage } from "/static/words.js";

/** @typedef {{title: string, href: string, note?: string}} Link */
/** @typedef {{id: string, name: string, name_en: string}} HallName */
/** @typedef {{zones: {code: string, name: string, name_en: string, place: string}[],
 *   windows: {id: string, label: string, directions: string}[]}} HallInfo */

/** The part in the page's language of words that come as "中文 / English". @param {string} words */
function inLanguage(words) {
  const parts = words.split(" / ");
  return (lang === "en" && parts[1]) || parts[0];
}

/** @param {Link} link @returns {HTMLElement} */
function linkNode(link) {
  const words = el("span", { class: "link-words" }, el("strong", {}, inLanguage(link.title)));
  if (link.note) words.append(el("span", { class: "note" }, inLanguage(link.note)));
  return el("li", {}, el("a", { class: "link", href: link.href, target: "_blank", rel: "noopener" }, words, shape("arrow")));
}

/** @param {Link[]} links */
const linkList = (links) => el("ul", { class: "links" }, ...links.map(linkNode));

/** @param {string} text base64url of JSON @returns {Link[]} only those of this server */
export function readLinks(text) {
  const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const json = decodeURIComponent(Array.from(bytes, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join(""));
  const links = /** @type {Link[]} */ (JSON.parse(json));
  return links.filter((link) => new URL(link.href, location.href).origin === location.origin);
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

/** @param {HallName} name @param {HallInfo} info @param {string} token */
function hallNode(name, info, token) {
  const hall = encodeURIComponent(name.id);
  const fragment = `#token=${encodeURIComponent(token)}`;
  /** @param {string} path */
  const href = (path) => `${path}${lang === "en" ? "?lang=en" : ""}${fragment}`;
  const zones = info.zones.map((zone) => ({
    title: (lang === "en" && zone.name_en) || zone.name,
    href: href(`/tv/${hall}/${encodeURIComponent(zone.code)}`),
    note: zone.place,
  }));
  zones.push({ title: t("home.wholeHall"), href: href(`/tv/${hall}/all`), note: "" });
  const windows = info.windows.map((window) => ({
    title: t("home.window", { label: window.label }),
    href: href(`/panel/${hall}/${encodeURIComponent(window.id)}`),
    note: window.directions,
  }));
  return el(
    "section",
    { class: "card" },
    el("h2", {}, (lang === "en" && name.name_en) || name.name),
    el("p", { class: "hint" }, t("home.rights")),
    el("h3", {}, t("home.screens")),
    linkList(zones),
    el("h3", {}, t("home.panels")),
    linkList(windows),
  );
}

/** @param {string} token @returns {Promise<HTMLElement[]>} */
function hallNodes(token) {
  return get("/v1/halls", token).then((/** @type {{halls: HallName[]}} */ list) => {
    if (list.halls.length === 0) return [trouble(t("home.empty"))];
    const nodes = list.halls.map((name) =>
      get(`/v1/halls/${encodeURIComponent(name.id)}`, token).then((info) => hallNode(name, info, token)),
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
/** @type {HTMLElement[]} */
const known = [];
if (links) {
  const hint = el("p", { class: "hint" }, t("home.linksHint"));
  known.push(el("section", { class: "card" }, el("h2", {}, t("home.links")), hint, linkList(readLinks(links))));
}
if (token) {
  fill(byId("main"), [lead, ...known, el("p", { class: "hint" }, t("home.loading"))]);
  hallNodes(token).then(
    (nodes) => fill(byId("main"), [lead, ...known, ...nodes]),
    (status) => fill(byId("main"), [...known, trouble(t(status ? "home.bad" : "home.away")), ...(status ? [noToken()] : [])]),
  );
} else {
  fill(byId("main"), known.length ? [lead, ...known] : [noToken()]);
}
