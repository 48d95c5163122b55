/**
 * The draft: what the hall file would be, kept in this browser until it is in force or thrown away. It remembers
 * what it began with, so that what somebody else puts in force meanwhile can be told from what was changed here.
 */

import { copied, same, setAt, valueAt } from "/pages/editor/paths.js";
import { merge } from "/pages/editor/merge.js";

/** @typedef {import("/pages/editor/paths.js").Table} Table */
/** @typedef {import("/pages/editor/merge.js").Clash} Clash */

const PREFIX = "callq.editor:";
const ROW_KEYS = ["code", "id", "channel", "date", "first"];

/** Lists whose rows a hall file may give as a text alone. @param {Table} config @param {(one: any) => any} change */
function rewriteRows(config, change) {
  const owners = [{ at: config, key: "notices" }];
  for (const list of [config.services, config.items]) {
    if (Array.isArray(list)) for (const one of list) if (one) owners.push({ at: one, key: "precheck" });
  }
  for (const { at, key } of owners) if (Array.isArray(at[key])) at[key] = at[key].map(change);
}

/** All rows as tables, which one form shows. @param {Table} config @returns {Table} */
function opened(config) {
  const data = copied(config);
  rewriteRows(data, (one) => (typeof one === "string" ? { text: one } : one));
  return data;
}

/** The same as the hall file has them. @param {Table} data @returns {Table} */
function closed(data) {
  const config = copied(data);
  rewriteRows(config, (one) => (one && Object.keys(one).join() === "text" ? one.text : one));
  return config;
}

export class Draft {
  /** @param {string} hall @param {() => void} onChange after every change, whoever made it */
  constructor(hall, onChange) {
    this._key = PREFIX + hall;
    this._onChange = onChange;
    /** @type {Table|null} */
    this.base = null;
    this.digest = "";
    this.revision = 0;
    /** @type {Table} */
    this.data = {};
    /** @type {Clash[]} */
    this.clashes = [];
    this.dirty = false;
    this.version = 0;
    /** Whether it could be kept over a reload. */
    this.kept = true;
    this._timer = 0;
  }

  get ready() {
    return this.base !== null;
  }

  /** What to send. @returns {Table} */
  get config() {
    return closed(this.data);
  }

  /**
   * Take notice of what is in force.
   * @param {{config: Table, digest: string, revision: number}} inForce
   * @returns {"same"|"taken"|"restored"|"done"|"merged"|"clash"} what became of the draft; `done`: just that is in force
   */
  follow(inForce) {
    const theirs = opened(inForce.config);
    let before = this.base;
    /** @type {"same"|"taken"|"restored"|"done"|"merged"|"clash"} */
    let became = "taken";
    if (before === null) {
      const stored = this._stored();
      if (stored) {
        before = stored.base;
        this.data = stored.data;
        this.digest = stored.digest;
        this.dirty = true;
        became = "restored";
      }
    }
    if (before !== null && this.digest === inForce.digest && this.dirty) {
      this._begin(theirs, inForce);
      if (became === "restored") this._changed();
      return became === "restored" ? became : "same";
    }
    if (before !== null && this.dirty && same(this.data, theirs)) {
      this.clashes = [];
      became = "done";
    } else if (before !== null && this.dirty) {
      const found = merge(before, this.data, theirs);
      this.data = found.merged;
      this.clashes = found.clashes;
      became = found.clashes.length > 0 ? "clash" : "merged";
    } else {
      if (before !== null && this.digest === inForce.digest) return "same";
      this.data = copied(theirs);
      this.clashes = [];
    }
    this._begin(theirs, inForce);
    this._changed();
    return became;
  }

  /** @param {Table} theirs @param {{digest: string, revision: number}} inForce */
  _begin(theirs, inForce) {
    this.base = theirs;
    this.digest = inForce.digest;
    this.revision = inForce.revision;
  }

  /** @param {string} path @returns {any} */
  get(path) {
    return valueAt(this.data, path);
  }

  /** @param {string} path @param {any} value undefined takes the key out */
  set(path, value) {
    if (same(valueAt(this.data, path), value)) return;
    setAt(this.data, path, value);
    this._changed();
  }

  /** Begin anew with other content, e.g. of an earlier version. @param {Table} config */
  replace(config) {
    this.data = opened(config);
    this.clashes = [];
    this._changed();
  }

  /**
   * What was put in force from here is the draft no more; what was changed since still is.
   * @param {Table} sent
   * @param {string} digest of it
   * @param {{config: Table, digest: string, revision: number}} inForce
   */
  adopt(sent, digest, inForce) {
    const stored = this.ready ? null : this._stored();
    if (stored) this.data = stored.data;
    else if (!this.ready) this.data = opened(sent);
    if (same(this.config, sent)) {
      this._begin(opened(inForce.config), inForce);
      this.replace(inForce.config);
      return;
    }
    this.base = opened(sent);
    this.digest = digest;
    this.dirty = true;
    this.follow(inForce);
    this._changed();
  }

  /** Back to what is in force. */
  discard() {
    this.data = copied(this.base || {});
    this.clashes = [];
    this._changed();
  }

  /**
   * Take one part back.
   * @param {string} section top-level key
   * @param {string} id of the row; empty: the whole section
   */
  revert(section, id) {
    const base = this.base || {};
    if (!id) {
      setAt(this.data, section, base[section] === undefined ? undefined : copied(base[section]));
    } else {
      const old = /** @type {Table[]} */ (base[section] || []);
      const rows = /** @type {Table[]} */ ((this.data[section] = this.data[section] || []));
      const key = ROW_KEYS.find((one) => rows.concat(old).every((row) => row[one] !== undefined)) || "code";
      const was = old.find((row) => row[key] === id);
      const at = rows.findIndex((row) => row[key] === id);
      if (was && at >= 0) rows[at] = copied(was);
      else if (was) rows.splice(Math.min(old.indexOf(was), rows.length), 0, copied(was));
      else if (at >= 0) rows.splice(at, 1);
    }
    this._changed();
  }

  /** Where both changed the same: take theirs. @param {Clash} clash */
  takeTheirs(clash) {
    let here = this.data;
    clash.path.slice(0, -1).forEach((name) => {
      here = Array.isArray(here) ? here.find((row) => ROW_KEYS.some((key) => row[key] === name)) : here[name];
    });
    const last = clash.path[clash.path.length - 1];
    if (Array.isArray(here)) {
      const rows = /** @type {Table[]} */ (here);
      const at = rows.findIndex((row) => ROW_KEYS.some((key) => row[key] === last));
      if (at >= 0 && clash.theirs === undefined) rows.splice(at, 1);
      else if (at >= 0) rows[at] = copied(clash.theirs);
      else if (clash.theirs !== undefined) rows.push(copied(clash.theirs));
    } else if (clash.theirs === undefined) delete here[last];
    else here[last] = copied(clash.theirs);
    this.settle(clash);
  }

  /** A clash is decided. @param {Clash} clash */
  settle(clash) {
    this.clashes = this.clashes.filter((one) => one !== clash);
    this._changed();
  }

  _changed() {
    this.version += 1;
    this.dirty = !same(this.data, this.base);
    this._keep();
    this._onChange();
  }

  _keep() {
    window.clearTimeout(this._timer);
    if (!this.dirty) {
      localStorage.removeItem(this._key);
      return;
    }
    // A large hall is half a million characters: not with every key that is pressed.
    this._timer = window.setTimeout(() => this.keepNow(), 400);
  }

  /** Keep it at once, e.g. before the page goes. */
  keepNow() {
    if (!this.dirty || this.base === null) return;
    try {
      const content = { base: this.base, data: this.data, digest: this.digest };
      localStorage.setItem(this._key, JSON.stringify(content));
      this.kept = true;
    } catch (error) {
      this.kept = false;
    }
  }

  /** @returns {{base: Table, data: Table, digest: string}|null} */
  _stored() {
    try {
      const found = JSON.parse(localStorage.getItem(this._key) || "null");
      return found && found.base && found.data && found.digest ? found : null;
    } catch (error) {
      return null;
    }
  }
}
