/** Small helpers that keep the components short: make, set, place. */

/**
 * Make an element: `el("p", {class: "note", hidden: true}, "text", child)`.
 * @param {string} tag
 * @param {Object<string, string|number|boolean|null|undefined>} [attributes] true sets it empty; false, null leave it out
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  attrs(node, attributes || {});
  children.forEach((child) => node.append(child));
  return node;
}

/**
 * Set or remove attributes; one that has its value already is left alone.
 * @param {Element} node
 * @param {Object<string, string|number|boolean|null|undefined>} attributes
 */
export function attrs(node, attributes) {
  Object.keys(attributes).forEach((name) => {
    const value = attributes[name];
    if (value === false || value === null || value === undefined) {
      node.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  });
}

/**
 * Set text only when it differs, so that nothing is announced or painted twice.
 * @param {Element} node
 * @param {string|number} value
 */
export function text(node, value) {
  const next = String(value);
  if (node.textContent !== next) node.textContent = next;
}

/**
 * Replace all children.
 * @param {Element} node
 * @param {Node[]} children
 */
export function fill(node, children) {
  while (node.firstChild) node.removeChild(node.firstChild);
  children.forEach((child) => node.appendChild(child));
}

/**
 * The element with this id, which the page's own HTML promises.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no element #${id}`);
  return node;
}

const SHAPES = {
  tag: '<path d="M3 4h11l7 8-7 8H3z" fill="currentColor"/>',
  ring: '<circle cx="12" cy="12" r="7.5" fill="none" stroke="currentColor" stroke-width="3"/>',
  disc: '<circle cx="12" cy="12" r="9" fill="currentColor"/>',
  bars: '<path d="M6 4h4.5v16H6zM13.5 4H18v16h-4.5z" fill="currentColor"/>',
  dash: '<path d="M4 10.5h16v3H4z" fill="currentColor"/>',
  triangle:
    '<path d="M12 3.5 22 20.5H2z" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linejoin="round"/>' +
    '<path d="M12 9.5v5.5M12 16.5v2" stroke="currentColor" stroke-width="2.2"/>',
  tick: '<path d="M4 12.5 9.5 18 20 6.5" fill="none" stroke="currentColor" stroke-width="3.6"/>',
  arrow: '<path d="M2 12h18M12.5 4 20.5 12l-8 8" fill="none" stroke="currentColor" stroke-width="3.4"/>',
  down: '<path d="M12 2v18M4 12.5l8 8 8-8" fill="none" stroke="currentColor" stroke-width="3.4"/>',
  octagon:
    '<path d="M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8z" fill="none" stroke="currentColor" stroke-width="2.2"/>' +
    '<path d="M12 6.5v7M12 15.5v2.2" stroke="currentColor" stroke-width="2.4"/>',
  bell: '<path d="M12 2.5c-3.6 0-6 2.7-6 6.2V14l-2.5 3.5h17L18 14V8.7c0-3.5-2.4-6.2-6-6.2zM9.5 19h5a2.5 2.5 0 0 1-5 0z" fill="currentColor"/>',
  person: '<path d="M12 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM3 21c0-4.5 4-6.5 9-6.5s9 2 9 6.5z" fill="currentColor"/>',
  search: '<circle cx="10" cy="10" r="6.5" fill="none" stroke="currentColor" stroke-width="2.6"/><path d="M15 15l6 6" stroke="currentColor" stroke-width="3.2"/>',
  again: '<path d="M8.5 4 3.5 9l5 5M4 9h10.5a5.5 5.5 0 0 1 0 11H11" fill="none" stroke="currentColor" stroke-width="2.8"/>',
  sound: '<path d="M3 9h4l5-4.5v15L7 15H3z" fill="currentColor"/><path d="M15 8.5c2 2 2 5 0 7M17.8 5.5c3.8 3.8 3.8 9.2 0 13" fill="none" stroke="currentColor" stroke-width="2.2"/>',
  idcard:
    '<rect x="2" y="4.5" width="20" height="15" rx="2" fill="none" stroke="currentColor" stroke-width="2"/>' +
    '<circle cx="8" cy="10" r="2" fill="currentColor"/><path d="M4.8 16c0-2.2 1.4-3.4 3.2-3.4s3.2 1.2 3.2 3.4zM14 9.5h5M14 14h5" fill="currentColor" stroke="currentColor" stroke-width="1.6"/>',
  clock:
    '<circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="2.4"/>' +
    '<path d="M12 6.5V12l4 2.5" fill="none" stroke="currentColor" stroke-width="2.4"/>',
};

/** @typedef {keyof typeof SHAPES} Shape */

/**
 * A drawn shape beside a word; never alone, so it is hidden from screen readers.
 * @param {Shape} name
 * @returns {Element}
 */
export function shape(name) {
  const holder = document.createElement("span");
  holder.className = `shape shape-${name}`;
  holder.setAttribute("aria-hidden", "true");
  holder.innerHTML = `<svg viewBox="0 0 24 24" focusable="false">${SHAPES[name]}</svg>`;
  return holder;
}
