/** Lists whose rows stay the same nodes as long as they are about the same: focus and scrolling survive. */

/**
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} make
 * @param {(node: HTMLElement, item: T) => void} update
 */
export function reconcile(parent, items, keyOf, make, update) {
  /** @type {Map<string|null, HTMLElement>} */
  const old = new Map();
  Array.from(parent.children).forEach((node) => old.set(node.getAttribute("data-key"), /** @type {HTMLElement} */ (node)));
  let at = parent.firstElementChild;
  items.forEach((item) => {
    const key = keyOf(item);
    let node = old.get(key);
    old.delete(key);
    if (!node) {
      node = make(item);
      node.setAttribute("data-key", key);
    }
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  });
  old.forEach((node) => node.remove());
}

/**
 * Fill a node anew only when what it says is another.
 * @param {Element} node
 * @param {string} key all that the children say
 * @param {() => (Node|string)[]} make
 */
export function refill(node, key, make) {
  if (node.getAttribute("data-says") === key) return;
  node.setAttribute("data-says", key);
  while (node.firstChild) node.removeChild(node.firstChild);
  make().forEach((child) => node.append(child));
}

/**
 * The part of a node with this class, which whoever made the node promises.
 * @param {Element} node
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(node, name) {
  const found = node.querySelector(`.${name}`);
  if (!found) throw new Error(`no part .${name}`);
  return /** @type {HTMLElement} */ (found);
}
