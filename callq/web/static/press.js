/** One press, one act: what a press has just begun is confirmed by another press, not by the rest of the same. */

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
