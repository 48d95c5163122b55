/** Who asks, what they may do, and which clerk could serve what at which window: read once per configuration. */

/** @typedef {import("/static/wire.js").Floor} Floor */
/** @typedef {import("/static/wire.js").FloorWindow} FloorWindow */
/** @typedef {{id: string, name: string, skills: Object<string, number>}} ClerkInfo */
/** @typedef {{code: string, name: string, name_en?: string, skill?: string, min_level?: number}} ServiceConfig */
/** @typedef {{id: string, services?: string[]}} WindowConfig */
/** @typedef {{services: ServiceConfig[], windows: WindowConfig[], tides?: {beta?: number, mode?: string, opening_min?: number}}} Config */
/** @typedef {{id: string, name: string, at: FloorWindow|null, busy: boolean}} Candidate who could sit at a window; busy: a ticket is there */

const RETRY_MS = 5000;
/** What was pressed does not wait for an answer longer than this: nobody expects it any more. */
const GET_LIMIT_MS = 8000;

/** @param {ServiceConfig} service */
const skillOf = (service) => service.skill || service.code;

export class Staff {
  /**
   * @param {string} hall
   * @param {string} token
   * @param {() => void} onChange
   */
  constructor(hall, token, onChange) {
    this._address = `/v1/halls/${encodeURIComponent(hall)}`;
    this._bearer = token;
    this._onChange = onChange;
    /** @type {{token: string, role: string, may: string[], clerks: ClerkInfo[]}|null} */
    this._info = null;
    /** @type {Config|null} */
    this._config = null;
    this._digest = "";
  }

  /** @param {string} permission as `docs/http.md` names them */
  may(permission) {
    return this._info !== null && this._info.may.indexOf(permission) >= 0;
  }

  /** Id of the token that asks; empty until it is known. */
  get token() {
    return this._info === null ? "" : this._info.token;
  }

  /** Whether windows, clerks and services are known. */
  get known() {
    return this._config !== null;
  }

  /**
   * Read what goes with a configuration, unless that is here already.
   * @param {string} digest
   */
  follow(digest) {
    if (digest === this._digest) return;
    this._digest = digest;
    this.get("").then(
      (info) => {
        this._info = info;
        this._onChange();
        if (!this.may("read_config")) return undefined;
        return this.get("/config").then((answer) => {
          this._config = answer.config;
          this._onChange();
        });
      },
    ).catch(() => window.setTimeout(() => this._again(digest), RETRY_MS));
  }

  /** @param {string} digest */
  _again(digest) {
    if (this._digest !== digest) return;
    this._digest = "";
    this.follow(digest);
  }

  /**
   * @param {string} path below the hall's address
   * @returns {Promise<any>} rejects with the status, or 0 where nobody answers
   */
  get(path) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), GET_LIMIT_MS);
    const answer = fetch(this._address + path, { headers: { Authorization: `Bearer ${this._bearer}` }, signal: stop.signal }).then(
      (response) => (response.ok ? response.json() : Promise.reject(response.status)),
      () => Promise.reject(0),
    );
    const done = () => window.clearTimeout(timer);
    answer.then(done, done);
    return answer;
  }

  /** @param {string} id @returns {ServiceConfig[]} what a window is equipped for */
  equipped(id) {
    if (!this._config) return [];
    const window = this._config.windows.find((one) => one.id === id);
    const codes = (window && window.services) || [];
    return this._config.services.filter((service) => codes.length === 0 || codes.indexOf(service.code) >= 0);
  }

  /** @param {string} window @param {string} clerk @returns {ServiceConfig[]} */
  able(window, clerk) {
    const person = this._info && this._info.clerks.find((one) => one.id === clerk);
    if (!person) return [];
    return this.equipped(window).filter((service) => (person.skills[skillOf(service)] || 0) >= (service.min_level || 1));
  }

  /**
   * Skills that a clerk could use at a window, each with the services that need it.
   * @param {string} window
   * @param {string} clerk
   * @returns {{skill: string, services: ServiceConfig[]}[]}
   */
  skills(window, clerk) {
    /** @type {Map<string, ServiceConfig[]>} */
    const found = new Map();
    this.able(window, clerk).forEach((service) => {
      const skill = skillOf(service);
      found.set(skill, (found.get(skill) || []).concat(service));
    });
    return Array.from(found, ([skill, services]) => ({ skill, services }));
  }

  /**
   * Who could sit at a window instead of, or where there is none, as its clerk: free ones first.
   * @param {Floor} floor
   * @param {FloorWindow} window
   * @returns {Candidate[]}
   */
  candidates(floor, window) {
    /** @type {Candidate[]} */
    const found = [];
    floor.clerks.forEach((clerk) => {
      if (clerk.id === window.clerk || clerk.id in floor.seconded || this.able(window.id, clerk.id).length === 0) return;
      const at = floor.windows.find((one) => one.clerk === clerk.id || one.trainee === clerk.id) || null;
      const busy = at !== null && at.clerk === clerk.id && at.ticket !== null;
      found.push({ id: clerk.id, name: clerk.name, at, busy });
    });
    const rank = (/** @type {Candidate} */ one) => (one.at === null ? 0 : one.busy ? 2 : 1);
    return found.sort((one, other) => rank(one) - rank(other));
  }

  /** Windows that could serve something, whoever sits there. @param {string} service @returns {string[]} */
  windowsFor(service) {
    if (!this._config) return [];
    return this._config.windows.filter((one) => !one.services || !one.services.length || one.services.indexOf(service) >= 0).map((one) => one.id);
  }
}
