/** Card readers of the Jieyu kind: a service on the device, asked over a WebSocket. */

import { askSocket } from "/pages/kiosk/readers/card.js";

/** @type {import("/pages/kiosk/readers/card.js").Reader} */
export const jieyu = { read: () => askSocket("ws://localhost:1919", { type: 4 }, 3000) };
