/** A hall over HTTP: asked once, or, where something is to be done, with one key until somebody answers. */

/** @typedef {import("/static/wire.js").Problem} Problem */
/** @typedef {{ok: true, answer: any} | {ok: false, problem: Problem}} Result */

/** A line that swallows everything never says that it does: no request lives longer than this, and what its body needs. */
export const REQUEST_MS = 8000;
/** Of a line that is of any use: a hall of half a million characters takes two minutes on it. */
const LEAST_CHARACTERS_PER_MS = 4;
export const AGAIN_MS = 700;

/** @param {number} ms @returns {Promise<void>} */
export const sleep = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

export class Door {
  /** @param {string} hall @param {string} token */
  constructor(hall, token) {
    this._base = `/v1/halls/${encodeURIComponent(hall)}`;
    this._token = token;
  }

  /**
   * Ask for something that changes nothing.
   * @param {string} path below the hall; empty: the hall
   * @param {Object|null} [body] none: a GET
   * @returns {Promise<Result>} code `store_unavailable` when nobody answered
   */
  async ask(path, body = null) {
    return (await this._once(path, body, null)) || { ok: false, problem: { code: "store_unavailable" } };
  }

  /**
   * Do something, once: sent again with its key until it is answered.
   * @param {string} path
   * @param {Object} body
   * @param {string|null} key idempotency key; null: of what changes nothing
   * @param {number} forMs for so long, whatever becomes of this device's clock
   * @returns {Promise<Result>} code `unconfirmed` when nobody answered in that time: it may have been done, or not
   */
  async act(path, body, key, forMs) {
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs) {
      const result = await this._once(path, body, key);
      if (result) return result;
      await sleep(AGAIN_MS);
    }
    return { ok: false, problem: { code: "unconfirmed" } };
  }

  /** @param {string} path @param {Object|null} body @param {string|null} key @returns {Promise<Result|null>} null: not answered */
  async _once(path, body, key) {
    const text = body ? JSON.stringify(body) : "";
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), REQUEST_MS + text.length / LEAST_CHARACTERS_PER_MS);
    /** @type {Object<string, string>} */
    const headers = { Authorization: `Bearer ${this._token}` };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    try {
      const response = await fetch(path ? `${this._base}/${path}` : this._base, { method: body ? "POST" : "GET", headers, body: text || undefined, signal: stop.signal });
      const answer = await response.json();
      if (response.ok) return { ok: true, answer };
      return response.status >= 500 || response.status === 429 ? null : { ok: false, problem: answer };
    } catch (error) {
      return null;
    } finally {
      window.clearTimeout(timer);
    }
  }
}
