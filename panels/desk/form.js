/** What the sheets of the desk are made of: the same parts as those of the floor. */

export { choice, field, radios, reasonField, renderFacts, renderOptions, rowOf, section } from "/pages/floor/form.js";
export { reconcile, refill } from "/pages/floor/list.js";
