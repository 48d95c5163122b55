/** One press, one act: what a press has just begun is confirmed by another press, not by the rest of the same. */

/** For so long a press waits for the one that confirms it: later nobody remembers what the button was about. */
export const ARMED_MS = 5000;

/**
 * @param {HTMLElement} button
 * @param {() => void} act
 */
export function onPress(button, act) {
  button.addEventListener("keydown", (event) => {
    // A held key is one press.
    if (event.repeat && event.key === "Enter") event.preventDefault();
  });
  button.addEventListener("click", (event) => {
    // And so is a double click.
    if (event.detail <= 1) act();
  });
}

/**
 * An act that the next press confirms, within `ARMED_MS`.
 * @param {HTMLElement} button
 * @param {string} sure what it says meanwhile
 * @param {() => void} act
 * @param {() => boolean} [asks] whether it has to be confirmed now
 */
export function onSecondPress(button, sure, act, asks = () => true) {
  const words = button.textContent;
  let timer = 0;
  const disarm = () => {
    window.clearTimeout(timer);
    timer = 0;
    button.removeAttribute("data-armed");
    button.textContent = words;
  };
  onPress(button, () => {
    const armed = timer !== 0;
    disarm();
    if (armed || !asks()) {
      act();
      return;
    }
    timer = window.setTimeout(disarm, ARMED_MS);
    button.setAttribute("data-armed", "");
    button.textContent = sure;
  });
}
