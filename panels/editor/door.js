/** Requests over HTTP; each is answered with what came, or with why it did not. */

/** @typedef {import("/static/wire.js").Problem} Problem */
/** @template T @typedef {{ok: true, data: T}|{ok: false, problem: Problem}} Answer */

const PAUSE_MS = 1500;
/** A line that swallows everything never says that it does. */
const TRY_MS = 15000;
/** Nobody answered, or not in time: it may still come about. */
const AWAY = "store_unavailable";
/** What says nothing of a request that was sent before. */
const AGAIN = [AWAY, "too_many_requests"];

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
   * Do something, once: repeated under the same key until somebody answers, however long that takes.
   * @param {string} path
   * @param {Object} body
   * @param {string} key idempotency key
   * @returns {Promise<Answer<any>>}
   */
  act(path, body, key) {
    const text = JSON.stringify(body);
    /** @returns {Promise<Answer<any>>} */
    const attempt = () =>
      this._ask(path, { method: "POST", body: text, headers: { "Idempotency-Key": key } }).then((answer) => {
        if (answer.ok || AGAIN.indexOf(answer.problem.code) < 0) return answer;
        return new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS)).then(attempt);
      });
    return attempt();
  }

  /** @param {string} path @param {{method: string, body?: string, headers?: Object<string, string>}} request @returns {Promise<Answer<any>>} */
  _ask(path, request) {
    const headers = Object.assign({ Authorization: `Bearer ${this._token}` }, request.headers);
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), TRY_MS);
    /** @param {Answer<any>} answer */
    const ended = (answer) => {
      window.clearTimeout(timer);
      return answer;
    };
    const away = () => /** @type {Answer<any>} */ ({ ok: false, problem: { code: AWAY } });
    return fetch(this._address + path, { method: request.method, body: request.body, headers, signal: stop.signal })
      .then(
        (response) =>
          response.json().then(
            (data) => (response.ok ? { ok: /** @type {true} */ (true), data } : { ok: /** @type {false} */ (false), problem: data }),
            away,
          ),
        away,
      )
      .then(ended);
  }
}
