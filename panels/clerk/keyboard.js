/**
 * Keys of the panel. Function keys and the keypad, because Chinese input methods swallow letters. F5,
 * F11 and F12 stay the browser's. While a question is open, keys answer it.
 */

/** @typedef {import("/pages/clerk/acts.js").Secondary} Secondary */

/** @type {Object<string, Secondary>} */
const ACTS = {
  F1: "keys",
  F2: "recall",
  F3: "miss",
  F4: "hold",
  F6: "transfer",
  F7: "call_ticket",
  F8: "abandon",
  F9: "request_rating",
  F10: "pause",
  End: "help",
};

/** Keys of the keypad that stand for the same. @type {Object<string, string>} */
const PAD = {
  NumpadAdd: "F2",
  NumpadSubtract: "F3",
  NumpadDecimal: "F4",
  NumpadMultiply: "F6",
  NumpadDivide: "F10",
  Numpad8: "F7",
  Numpad9: "F9",
  Numpad0: "End",
};

/** What stands on the key caps. @type {Object<Secondary|"undo", {key: string, pad: string}>} */
export const CAPS = {
  recall: { key: "F2", pad: "+" },
  miss: { key: "F3", pad: "-" },
  hold: { key: "F4", pad: "." },
  transfer: { key: "F6", pad: "*" },
  call_ticket: { key: "F7", pad: "8" },
  abandon: { key: "F8", pad: ". 4" },
  request_rating: { key: "F9", pad: "9" },
  pause: { key: "F10", pad: "/" },
  help: { key: "End", pad: "0" },
  keys: { key: "F1", pad: "/ /" },
  undo: { key: "Backspace", pad: "Backspace" },
};

/**
 * @typedef {Object} Handlers
 * @property {() => void} dominant
 * @property {(act: Secondary) => void} act
 * @property {(digit: number) => boolean} digit 0 to 9, of a question or of the names; whether it meant something
 * @property {(step: 1|-1) => boolean} move whether it meant something
 * @property {() => void} undo
 * @property {() => void} escape
 * @property {() => void} erase the last digit, or the question
 * @property {() => void} take the marked choice
 * @property {() => "none"|"choose"|"type"} asking whether a question is open, and whether digits are typed into it
 * @property {() => boolean} names whether names are chosen from
 */

/** @param {KeyboardEvent} event */
const composing = (event) => event.isComposing || event.keyCode === 229;

/** @param {EventTarget|null} target */
const isField = (target) => target instanceof HTMLInputElement;

/** @param {EventTarget|null} target a button that was reached with Tab answers to Enter itself */
const isOtherButton = (target) => target instanceof HTMLButtonElement && target.id !== "dominant";

/** @type {Object<string, 1|-1>} */
const MOVES = { ArrowDown: 1, ArrowRight: 1, NumpadAdd: 1, ArrowUp: -1, ArrowLeft: -1, NumpadSubtract: -1 };

/**
 * The digit of a key, that of the keypad with NumLock off as well.
 * @param {KeyboardEvent} event
 * @returns {number|null}
 */
function digitOf(event) {
  const found = /^Numpad([0-9])$/.exec(event.code) || /^([0-9])$/.exec(event.key);
  return found ? Number(found[1]) : null;
}

/** @param {KeyboardEvent} event @returns {1|-1|undefined} */
const moveOf = (event) => MOVES[event.code] || (event.code.startsWith("Numpad") ? undefined : MOVES[event.key]);

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
    if (held) return;
    if (handlers.asking() === "none") handlers.dominant();
    else handlers.take();
  };

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it answered the open question, or did nothing that it could do otherwise
   */
  const onQuestion = (event) => {
    const typing = handlers.asking() === "type";
    const [digit, move] = [digitOf(event), moveOf(event)];
    if (digit !== null) {
      if (digit === 0 && !typing) handlers.escape();
      else handlers.digit(digit);
    } else if (event.key === "Escape" || event.code === "NumpadDecimal" || event.key === ".") {
      handlers.escape();
    } else if (event.key === "Backspace") {
      handlers.erase();
    } else if (move) {
      handlers.move(move);
    } else {
      return false;
    }
    return true;
  };

  /** @param {KeyboardEvent} event @returns {Secondary|undefined} */
  const actOf = (event) => {
    if (isField(event.target) && event.code.startsWith("Numpad")) return undefined;
    // With NumLock off, a key of the keypad still is that key.
    return ACTS[PAD[event.code] || ""] || (event.code.startsWith("Numpad") ? undefined : ACTS[event.key]);
  };

  /** @param {KeyboardEvent} event @returns {boolean} */
  const onNames = (event) => {
    if (isField(event.target) && !event.key.startsWith("Arrow")) return false;
    const [digit, move] = [digitOf(event), moveOf(event)];
    if (digit) return !event.repeat && handlers.digit(digit);
    return move !== undefined && handlers.move(move);
  };

  window.addEventListener("keyup", (event) => {
    if (event.key === "Enter") enterDown = false;
  });
  window.addEventListener("blur", () => {
    enterDown = false;
  });
  window.addEventListener("keydown", (event) => {
    if (composing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") {
      onEnter(event);
      return;
    }
    if (handlers.asking() !== "none") {
      if (event.repeat || onQuestion(event)) {
        event.preventDefault();
        return;
      }
    } else if (handlers.names() && onNames(event)) {
      event.preventDefault();
      return;
    }
    const act = actOf(event);
    if (act) {
      event.preventDefault();
      if (!event.repeat) handlers.act(act);
    } else if (event.key === "Escape") {
      handlers.escape();
    } else if (event.key === "Backspace" && !isField(event.target)) {
      event.preventDefault();
      if (!event.repeat) handlers.undo();
    }
  });
}
