/**
 * QR codes of the model 2, error correction M, bytes: versions 1 to 15. Source: ISO/IEC 18004; the same as
 * panels/printer/qr.py, to which a test holds it.
 */

const ECC = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];

/** @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** @param {number} version */
function dataCodewords(version) {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) modules -= 36;
  }
  return Math.floor(modules / 8) - ECC[version - 1] * BLOCKS[version - 1];
}

/** @param {number} version */
const countBits = (version) => (version < 10 ? 8 : 16);

/** @param {number} value @param {number} length */
const bitsOf = (value, length) => value.toString(2).padStart(length, "0");

/** @param {Uint8Array} content @param {number} version @returns {number[]} */
function dataOf(content, version) {
  const room = 8 * dataCodewords(version);
  let bits = `0100${bitsOf(content.length, countBits(version))}`;
  content.forEach((byte) => {
    bits += bitsOf(byte, 8);
  });
  bits += "0".repeat(Math.min(4, room - bits.length));
  bits += "0".repeat((8 - (bits.length % 8)) % 8);
  const words = [];
  for (let at = 0; at < bits.length; at += 8) words.push(parseInt(bits.slice(at, at + 8), 2));
  for (let at = 0; words.length < room / 8; at += 1) words.push(at % 2 === 0 ? 0xec : 0x11);
  return words;
}

/** Product in GF(256) modulo 0x11D. @param {number} one @param {number} other */
function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0);
    if ((other >> bit) & 1) product ^= one;
  }
  return product & 0xff;
}

/** @param {number} degree @returns {number[]} */
function divisorOf(degree) {
  const found = new Array(degree).fill(0);
  found[degree - 1] = 1;
  let root = 1;
  for (let n = 0; n < degree; n += 1) {
    for (let at = 0; at < degree; at += 1) {
      found[at] = times(found[at], root) ^ (at + 1 < degree ? found[at + 1] : 0);
    }
    root = times(root, 2);
  }
  return found;
}

/** @param {number[]} words @param {number[]} divisor @returns {number[]} */
function remainder(words, divisor) {
  let found = new Array(divisor.length).fill(0);
  words.forEach((word) => {
    const factor = word ^ found[0];
    found = found.slice(1).concat(0).map((old, at) => old ^ times(divisor[at], factor));
  });
  return found;
}

/** @param {number[]} words @param {number} version @returns {number[]} */
function interleaved(words, version) {
  const count = BLOCKS[version - 1];
  const short = Math.floor(words.length / count);
  const longer = words.length % count;
  const divisor = divisorOf(ECC[version - 1]);
  /** @type {number[][]} */
  const blocks = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const size = short + (index >= count - longer ? 1 : 0);
    blocks.push(words.slice(at, at + size));
    at += size;
  }
  const corrections = blocks.map((block) => remainder(block, divisor));
  /** @type {number[]} */
  const found = [];
  for (let place = 0; place <= short; place += 1) {
    blocks.forEach((block) => {
      if (place < block.length) found.push(block[place]);
    });
  }
  for (let place = 0; place < divisor.length; place += 1) corrections.forEach((each) => found.push(each[place]));
  return found;
}

class Drawing {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    const empty = () => Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    /** @type {boolean[][]} */
    this.dark = empty();
    /** @type {boolean[][]} */
    this.fixed = empty();
    for (let at = 0; at < this.size; at += 1) {
      this.set(6, at, at % 2 === 0);
      this.set(at, 6, at % 2 === 0);
    }
    [[3, 3], [this.size - 4, 3], [3, this.size - 4]].forEach(([x, y]) => this.square(x, y, 4, [2, 4]));
    const places = this.alignments();
    const last = this.size - 7;
    places.forEach((x) => places.forEach((y) => {
      if ((x === 6 && (y === 6 || y === last)) || (x === last && y === 6)) return;
      this.square(x, y, 2, [1]);
    }));
    this.format(0);
    this.versionBits();
  }

  /** @param {number} x @param {number} y @param {boolean} dark */
  set(x, y, dark) {
    this.dark[y][x] = dark;
    this.fixed[y][x] = true;
  }

  /** @param {number} x @param {number} y @param {number} reach @param {number[]} light */
  square(x, y, reach, light) {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        const inside = x + dx >= 0 && x + dx < this.size && y + dy >= 0 && y + dy < this.size;
        if (inside) this.set(x + dx, y + dy, light.indexOf(Math.max(Math.abs(dx), Math.abs(dy))) < 0);
      }
    }
  }

  alignments() {
    if (this.version === 1) return [];
    const count = Math.floor(this.version / 7) + 2;
    const step = Math.floor((this.version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2;
    const found = [];
    for (let at = 0; at < count - 1; at += 1) found.push(this.size - 7 - at * step);
    return [6].concat(found.reverse());
  }

  /** @param {number} mask */
  format(mask) {
    let rest = mask;
    for (let n = 0; n < 10; n += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((mask << 10) | rest) ^ 0x5412;
    for (let at = 0; at < 15; at += 1) {
      const dark = ((bits >> at) & 1) === 1;
      if (at < 8) {
        this.set(8, at < 6 ? at : at + 1, dark);
        this.set(this.size - 1 - at, 8, dark);
      } else {
        this.set(at > 8 ? 14 - at : 7, 8, dark);
        this.set(8, this.size - 15 + at, dark);
      }
    }
    this.set(8, this.size - 8, true);
  }

  versionBits() {
    if (this.version < 7) return;
    let rest = this.version;
    for (let n = 0; n < 12; n += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let at = 0; at < 18; at += 1) {
      const dark = ((bits >> at) & 1) === 1;
      const x = this.size - 11 + (at % 3);
      const y = Math.floor(at / 3);
      this.set(x, y, dark);
      this.set(y, x, dark);
    }
  }

  /** @param {number[]} words */
  place(words) {
    const bits = words.map((word) => bitsOf(word, 8)).join("");
    let next = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step += 1) {
        const y = ((right + 1) & 2) === 0 ? this.size - 1 - step : step;
        [right, right - 1].forEach((x) => {
          if (this.fixed[y][x]) return;
          this.dark[y][x] = bits[next] === "1";
          next += 1;
        });
      }
    }
  }

  /** @param {number} mask @returns {boolean[][]} */
  masked(mask) {
    this.format(mask);
    const flips = MASKS[mask];
    return this.dark.map((row, y) => row.map((dark, x) => dark !== (!this.fixed[y][x] && flips(x, y))));
  }
}

/** @param {boolean[][]} code */
function penalty(code) {
  const size = code.length;
  const lines = code.map((row) => row.map((dark) => (dark ? "1" : "0")).join(""));
  const turned = lines.map((_, at) => lines.map((line) => line[at]).join(""));
  let found = 0;
  lines.concat(turned).forEach((line) => {
    (line.match(/0{5,}|1{5,}/g) || []).forEach((run) => {
      found += run.length - 2;
    });
    for (let at = 0; at <= size - 11; at += 1) {
      const part = line.slice(at, at + 11);
      if (part === "10111010000" || part === "00001011101") found += 40;
    }
  });
  let dark = 0;
  lines.forEach((line, y) => {
    for (let x = 0; x < size; x += 1) {
      if (line[x] === "1") dark += 1;
      if (y + 1 === size || x + 1 === size) continue;
      if (line[x] === line[x + 1] && line[x] === lines[y + 1][x] && line[x] === lines[y + 1][x + 1]) found += 3;
    }
  });
  const share = (dark * 20) / (size * size);
  return found + 10 * Math.max(0, Math.floor(Math.abs(share - 10) + 0.999999) - 1);
}

/**
 * Rows of modules, true: dark; without the quiet zone of four modules around them.
 * @param {string} text
 * @returns {boolean[][]}
 */
export function qrCode(text) {
  const content = new TextEncoder().encode(text);
  for (let version = 1; version <= ECC.length; version += 1) {
    if (4 + countBits(version) + 8 * content.length > 8 * dataCodewords(version)) continue;
    const drawing = new Drawing(version);
    drawing.place(interleaved(dataOf(content, version), version));
    const drawn = MASKS.map((_, mask) => drawing.masked(mask));
    const penalties = drawn.map(penalty);
    return drawn[penalties.indexOf(Math.min(...penalties))];
  }
  throw new Error("too long for a code");
}

/**
 * The code as a drawing.
 * @param {string} content
 * @param {string} label for those who do not see it
 * @returns {SVGElement}
 */
export function qrSvg(content, label) {
  const space = "http://www.w3.org/2000/svg";
  const code = qrCode(content);
  const side = code.length + 8;
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", code.map((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join(""));
  path.setAttribute("fill", "currentColor");
  svg.appendChild(path);
  return svg;
}
