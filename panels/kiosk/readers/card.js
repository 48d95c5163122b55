/** What all card readers come to: `{name, id_no, cert_type}`. */

/** @typedef {{name: string, id_no: string, cert_type: string}} Card */
/** @typedef {{read: () => Promise<Card|null>}} Reader `read`: null while no card is there; rejects without a reader */

/** Names that services have for the same things. @type {Object<string, string[]>} */
const FIELDS = {
  name: ["partyName", "name", "Name", "cardName"],
  id_no: ["certNumber", "idNumber", "id_no", "cardNo", "IDCardNo", "number"],
  cert_type: ["certType", "cert_type", "cardType", "type"],
};

/**
 * @param {any} reply of a service
 * @returns {Card|null} null: there is no number in it
 */
export function cardOf(reply) {
  const inner = reply && typeof reply.data === "object" && reply.data !== null ? reply.data : reply;
  /** @param {string} field */
  const pick = (field) => {
    const key = FIELDS[field].find((name) => inner && inner[name] !== undefined && inner[name] !== null);
    return key === undefined ? "" : String(inner[key]).trim();
  };
  const id_no = pick("id_no");
  return /^[0-9A-Za-z]{6,20}$/.test(id_no) ? { name: pick("name"), id_no, cert_type: pick("cert_type") } : null;
}

/**
 * Ask a service that answers over a WebSocket, once.
 * @param {string} url
 * @param {Object|null} question null: it sends a card by itself
 * @param {number} limitMs how long to wait for a card
 * @returns {Promise<Card|null>}
 */
export function askSocket(url, question, limitMs) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    let opened = false;
    const timer = window.setTimeout(() => done(null), limitMs);
    /** @param {Card|null} card */
    const done = (card) => {
      window.clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      if (opened) resolve(card);
      else reject(new Error("no reader"));
    };
    socket.onopen = () => {
      opened = true;
      if (question) socket.send(JSON.stringify(question));
    };
    socket.onmessage = (event) => {
      let reply = null;
      try {
        reply = JSON.parse(event.data);
      } catch (error) {
        return; // a greeting, or a picture
      }
      const card = cardOf(reply);
      if (card || question) done(card);
    };
    socket.onclose = () => done(null);
  });
}
