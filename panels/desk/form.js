/** What the sheets of the desk are made of: the same parts as those of the floor. */

/**
 * @typedef {Object} Context what every sheet works with
 * @property {() => import("/static/wire.js").Desk} desk
 * @property {() => number} now server time
 * @property {import("/pages/desk/press.js").Presses} presses
 * @property {(permission: string) => boolean} may
 * @property {() => string} hindrance why a press would count for nothing now; empty: it counts
 * @property {(kind: "done"|"refused"|"pending", words: string) => void} say
 * @property {(press: import("/pages/desk/press.js").Press, done: string|((answer: any) => string)) => Promise<any>} act answers null where it was refused
 * @property {() => void} home
 * @property {() => string} role
 */

export { Buttons, choice, field, radios, reasonField, renderFacts, renderOptions, rowOf, section } from "/pages/floor/form.js";
export { reconcile, refill } from "/pages/floor/list.js";
