/** Reading aloud with the device's own voice, where it has one that speaks the page's language. */

import { lang } from "/static/words.js";

/** @returns {SpeechSynthesisVoice|undefined} */
const voice = () => window.speechSynthesis && speechSynthesis.getVoices().find((one) => one.lang.toLowerCase().indexOf(lang) === 0);

export const maySpeak = () => voice() !== undefined;

/** @param {string} words */
export function speak(words) {
  const found = voice();
  if (!found) return;
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance(words);
  said.voice = found;
  said.lang = found.lang;
  said.rate = 0.9;
  speechSynthesis.speak(said);
}

export function hush() {
  if (window.speechSynthesis) speechSynthesis.cancel();
}
