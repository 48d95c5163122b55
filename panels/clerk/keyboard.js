/**
 * Keys of the panel. Function keys and the keypad, because Chinese input methods swallow letters. F5,
 * F11 and F12 stay the browser's.
 */

/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */

/** @type {Object<string, Secondary>} */
const ACTS = {
  F1: "keys",
  F2: "recall",
  F3: "miss",
  F10: "pause",
  NumpadAdd: "recall",
  NumpadSubtract: "miss",
  NumpadDivide: "pause",
};

/** What stands on the key caps. @type {Object<string, {key: string, pad: string}>} */
export const CAPS = {
  recall: { key: "F2", pad: "+" },
  miss: { key: "F3", pad: "-" },
  pause: { key: "F10", pad: "/" },
  keys: { key: "F1", pad: "" },
};

/**
 * @typedef {Object} Handlers
 * @property {() => void} dominant
 * @property {(act: Secondary) => void} act
 * @property {(digit: number) => boolean} digit whether it meant something
 * @property {(step: 1|-1) => boolean} arrow whether it meant something
 * @property {() => void} escape
 * @property {() => boolean} choosing a question is open: Enter is not its answer
 */

/** @param {KeyboardEvent} event */
const composing = (event) => event.isComposing || event.keyCode === 229;

/** @param {EventTarget|null} target */
const isField = (target) => target instanceof HTMLInputElement;

/** @param {EventTarget|null} target a button that was reached with Tab answers to Enter itself */
const isOtherButton = (target) => target instanceof HTMLButtonElement && target.id !== "dominant";

/** @param {Handlers} handlers */
export function listen(handlers) {
  // A held key must not call, start and complete: repeats count for nothing, even where an input
  // method or a barcode wedge does not mark them as repeats.
  let enterDown = false;

  /** @param {KeyboardEvent} event */
  const onEnter = (event) => {
    const held = event.repeat || enterDown;
    enterDown = true;
    if (!held && isOtherButton(event.target)) return;
    event.preventDefault();
    if (!held && !handlers.choosing()) handlers.dominant();
  };

  window.addEventListener("keyup", (event) => {
    if (event.key === "Enter") enterDown = false;
  });
  window.addEventListener("blur", () => {
    enterDown = false;
  });
  window.addEventListener("keydown", (event) => {
    if (composing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = isField(event.target) && event.code.startsWith("Numpad") ? undefined : ACTS[event.code] || ACTS[event.key];
    if (event.key === "Enter") {
      onEnter(event);
    } else if (act) {
      event.preventDefault();
      if (!event.repeat) handlers.act(act);
    } else if (event.key === "Escape") {
      handlers.escape();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (handlers.arrow(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    } else if (/^[1-9]$/.test(event.key) && !event.repeat && !isField(event.target)) {
      if (handlers.digit(Number(event.key))) event.preventDefault();
    }
  });
}
