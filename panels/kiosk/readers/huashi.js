/** Card readers of the Huashi kind: a service on the device, asked over HTTP. */

import { cardOf } from "/pages/kiosk/readers/card.js";

const SERVICE = "http://127.0.0.1:19196";

/** @param {string} path @returns {Promise<any>} */
const ask = (path) => fetch(`${SERVICE}/${path}`, { cache: "no-store" }).then((answer) => answer.json());

/** @type {import("/pages/kiosk/readers/card.js").Reader} */
export const huashi = {
  read: () =>
    ask("OpenDevice").then(() =>
      ask("readcard").then((reply) => {
        const card = Number(reply.resultFlag) === 0 ? cardOf(reply) : null;
        // Whether it closes is not our concern: it is opened again for the next card.
        return ask("CloseDevice").then(() => card, () => card);
      }),
    ),
};
