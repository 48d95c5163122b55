/** Card readers of the Dianyipai kind: a service on the device that tells of a card by itself. */

import { askSocket } from "/pages/kiosk/readers/card.js";

/** @type {import("/pages/kiosk/readers/card.js").Reader} */
export const dianyipai = { read: () => askSocket("ws://localhost:9002", null, 5000) };
