/** A code scanner types what it reads and ends it with Enter, faster than anybody types. */

const BETWEEN_MS = 500;

/** @param {(text: string) => void} onScan */
export function listen(onScan) {
  let text = "";
  let lastMs = 0;
  document.addEventListener("keydown", (event) => {
    const now = performance.now();
    if (now - lastMs > BETWEEN_MS) text = "";
    lastMs = now;
    if (event.key === "Enter" && text.length >= 6) {
      event.preventDefault();
      onScan(text);
      text = "";
    } else if (event.key.length === 1) {
      text += event.key;
    }
  });
}

/** The ticket in the code of a paper, or null. @param {string} text */
export function ticketIn(text) {
  const found = /\/t\/[a-z0-9_-]+\/([0-9a-z]{16,40})(#|$)/.exec(text);
  return found ? found[1] : null;
}

/** A booking's number, however it was typed, or null. @param {string} text */
export function bookingIn(text) {
  const plain = text.toLowerCase().replace(/[\s-]/g, "");
  return /^[0-9a-z]{10}$/.test(plain) ? plain : null;
}
