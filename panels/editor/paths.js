/** Values in plain data by path, as the server names them: `services[2].booking.slot_min`. */

/** @typedef {Object<string, any>} Table */

/** @param {string} path @returns {(string|number)[]} */
export function steps(path) {
  /** @type {(string|number)[]} */
  const found = [];
  path.replace(/([^.[\]]+)|\[(\d+)\]/g, (whole, name, index) => {
    found.push(index === undefined ? name : Number(index));
    return whole;
  });
  return found;
}

/** @param {any} data @param {string} path @returns {any} undefined: there is nothing */
export function valueAt(data, path) {
  return steps(path).reduce((here, step) => (here === undefined || here === null ? undefined : here[step]), data);
}

/**
 * Set a value, and make the tables around it; undefined takes the key out.
 * @param {any} data
 * @param {string} path
 * @param {any} value
 */
export function setAt(data, path, value) {
  const way = steps(path);
  const last = way[way.length - 1];
  let here = data;
  way.slice(0, -1).forEach((step, at) => {
    if (here[step] === undefined || here[step] === null || typeof here[step] !== "object") {
      here[step] = typeof way[at + 1] === "number" ? [] : {};
    }
    here = here[step];
  });
  if (value !== undefined) here[last] = value;
  else if (Array.isArray(here)) here.splice(Number(last), 1);
  else delete here[last];
}

/** Whether two pieces of plain data say the same; the order of a table's keys says nothing. @param {any} one @param {any} other @returns {boolean} */
export function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.prototype.hasOwnProperty.call(other, key) && same(one[key], other[key]));
}

/** @template T @param {T} data plain data @returns {T} */
export const copied = (data) => JSON.parse(JSON.stringify(data));
