/**
 * The page's token: it arrives in the URL fragment (never sent to a server, never in a log), is kept
 * for this tab and this page only, and is erased from the address bar so that a photo of the screen
 * does not give it away.
 */

const PREFIX = "callq.token:";

/**
 * Read one value from the fragment, keep it for the session and clean the address bar.
 * @param {string} name of the fragment parameter
 * @param {string} key of the session's storage
 * @returns {string|null} the value given now or earlier in this tab
 */
export function takeFragment(name, key) {
  const given = new URLSearchParams(location.hash.slice(1)).get(name);
  if (given) {
    sessionStorage.setItem(key, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given || sessionStorage.getItem(key);
}

/**
 * The token of this page, or null. A new one pasted into the address bar reloads the page with it.
 * @returns {string|null}
 */
export function takeToken() {
  window.addEventListener("hashchange", () => {
    if (/[#&]token=/.test(location.hash)) location.reload();
  });
  return takeFragment("token", PREFIX + location.pathname);
}

/**
 * The path segments after the page's name: `/tv/county/hall` gives ["county", "hall"].
 * @returns {string[]}
 */
export function pathParts() {
  return location.pathname.split("/").slice(2).filter(Boolean).map(decodeURIComponent);
}
