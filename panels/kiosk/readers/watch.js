/** A card reader, read again and again while somebody could lay a card down; one that is left there acts once. */

/** @typedef {import("/pages/kiosk/readers/card.js").Reader} Reader */

const AGAIN_MS = 1000;
const ABSENT_AGAIN_MS = 5000;

export class Watch {
  /**
   * @param {Reader} reader
   * @param {{wanted: () => boolean, onCard: (idNo: string) => Promise<boolean>, onThere: (there: boolean, why: string) => void}} told
   *   `onCard`: answers whether it was taken, else it is read again; `onThere`: after each attempt, whether it answers, and why not
   */
  constructor(reader, told) {
    this._reader = reader;
    this._told = told;
    this._last = "";
  }

  async run() {
    for (;;) {
      const there = await this._once();
      await new Promise((resolve) => window.setTimeout(resolve, there ? AGAIN_MS : ABSENT_AGAIN_MS));
    }
  }

  /** @returns {Promise<boolean>} false: it does not answer */
  async _once() {
    if (!this._told.wanted()) return true;
    let card = null;
    try {
      card = await this._reader.read();
    } catch (error) {
      this._told.onThere(false, error instanceof Error ? error.message : String(error));
      return false;
    }
    this._told.onThere(true, "");
    if (card === null) this._last = "";
    else if (card.id_no !== this._last && this._told.wanted()) {
      if (await this._told.onCard(card.id_no)) this._last = card.id_no;
    }
    return true;
  }
}
