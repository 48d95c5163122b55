/** Requests over HTTP; each is answered with what came, or with why it did not. */

import { randomKey } from "/static/feed.js";

/** @typedef {import("/static/wire.js").Problem} Problem */
/** @template T @typedef {{ok: true, data: T}|{ok: false, problem: Problem}} Answer */

const TRIES = 4;
const PAUSE_MS = 1500;
/** Nobody answered, or not in time: it may still come about. */
const AWAY = "store_unavailable";

export class Door {
  /** @param {string} hall @param {string} token */
  constructor(hall, token) {
    this._address = `/v1/halls/${encodeURIComponent(hall)}`;
    this._token = token;
  }

  /** @param {string} path below the hall's address @returns {Promise<Answer<any>>} */
  get(path) {
    return this._ask(path, { method: "GET" });
  }

  /** Ask something that changes nothing. @param {string} path @param {Object} body @returns {Promise<Answer<any>>} */
  look(path, body) {
    return this._ask(path, { method: "POST", body: JSON.stringify(body) });
  }

  /**
   * Do something, once: repeated under the same key until somebody answers.
   * @param {string} path
   * @param {Object} body
   * @returns {Promise<Answer<any>>}
   */
  act(path, body) {
    const key = randomKey();
    const text = JSON.stringify(body);
    /** @param {number} left @returns {Promise<Answer<any>>} */
    const attempt = (left) =>
      this._ask(path, { method: "POST", body: text, headers: { "Idempotency-Key": key } }).then((answer) => {
        if (answer.ok || answer.problem.code !== AWAY || left === 0) return answer;
        return new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS)).then(() => attempt(left - 1));
      });
    return attempt(TRIES);
  }

  /** @param {string} path @param {{method: string, body?: string, headers?: Object<string, string>}} request @returns {Promise<Answer<any>>} */
  _ask(path, request) {
    const headers = Object.assign({ Authorization: `Bearer ${this._token}` }, request.headers);
    const away = () => /** @type {Answer<any>} */ ({ ok: false, problem: { code: AWAY } });
    return fetch(this._address + path, { method: request.method, body: request.body, headers }).then(
      (response) =>
        response.json().then(
          (data) => (response.ok ? { ok: /** @type {true} */ (true), data } : { ok: /** @type {false} */ (false), problem: data }),
          away,
        ),
      away,
    );
  }
}
