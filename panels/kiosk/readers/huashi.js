/** Card readers of the Huashi kind: a service on the device, asked over HTTP. */

import { cardOf } from "/pages/kiosk/readers/card.js";

const SERVICE = "http://127.0.0.1:19196";
/** A service that has hung answers never, and a browser would wait for minutes. */
const LIMIT_MS = 5000;

/** @param {string} path @returns {Promise<any>} */
function ask(path) {
  const stop = new AbortController();
  const timer = window.setTimeout(() => stop.abort(), LIMIT_MS);
  const done = () => window.clearTimeout(timer);
  const answer = fetch(`${SERVICE}/${path}`, { cache: "no-store", signal: stop.signal }).then((found) => found.json());
  answer.then(done, done);
  return answer;
}

/** @param {any} reply */
const well = (reply) => Number(reply.resultFlag) === 0;

/** @type {import("/pages/kiosk/readers/card.js").Reader} */
export const huashi = {
  read: () =>
    ask("OpenDevice").then((opened) => {
      // The service runs, and its reader is unplugged: nobody is to be told to lay a card on it.
      if (opened.resultFlag !== undefined && !well(opened)) throw new Error("the service has no reader");
      return ask("readcard").then((reply) => {
        const card = well(reply) ? cardOf(reply) : null;
        // Whether it closes is not our concern: it is opened again for the next card.
        return ask("CloseDevice").then(() => card, () => card);
      });
    }),
};
