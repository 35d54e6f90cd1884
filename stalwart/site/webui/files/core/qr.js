// QR codes (ISO/IEC 18004): bytes, error correction M, versions 1 to 13, drawn as a path. What is shown never leaves the page.

import { s } from "../lib/dom.js";

// Per version: codewords of correction in a block, and the sizes of data blocks.
const BLOCKS = [
  [10, [16]], [16, [28]], [26, [44]], [18, [32, 32]], [24, [43, 43]], [16, [27, 27, 27, 27]], [18, [31, 31, 31, 31]], [22, [38, 38, 39, 39]],
  [22, [36, 36, 36, 37, 37]], [26, [43, 43, 43, 43, 44]], [30, [50, 51, 51, 51, 51]], [22, [36, 36, 36, 36, 36, 36, 37, 37]], [22, [37, 37, 37, 37, 37, 37, 37, 37, 38]],
];
const ALIGNED = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54], [6, 32, 58], [6, 34, 62]];

const EXP = [];
const LOG = [];
for (let at = 0, value = 1; at < 255; at += 1) {
  EXP[at] = value;
  LOG[value] = at;
  value = value & 128 ? (value << 1) ^ 0x11d : value << 1;
}
const times = (one, other) => (one && other ? EXP[(LOG[one] + LOG[other]) % 255] : 0);

function correction(data, count) {
  let divisor = [1];
  for (let at = 0; at < count; at += 1) {
    const next = [...divisor, 0];
    divisor.forEach((factor, place) => { next[place + 1] ^= times(factor, EXP[at]); });
    divisor = next;
  }
  const rest = [...data, ...new Array(count).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const factor = rest[at];
    if (factor) divisor.forEach((one, place) => { rest[at + place] ^= times(one, factor); });
  }
  return rest.slice(data.length);
}

function codewords(bytes) {
  const version = 1 + BLOCKS.findIndex(([, sizes], at) => sizes.reduce((sum, size) => sum + size, 0) >= bytes.length + (at < 9 ? 2 : 3));
  if (!version) throw new RangeError("too long for a QR code");
  const [count, sizes] = BLOCKS[version - 1];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const length = bytes.length.toString(2).padStart(version < 10 ? 8 : 16, "0");
  let bits = `0100${length}${[...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("")}`;
  bits += "0".repeat(Math.min(4, total * 8 - bits.length));
  bits += "0".repeat((8 - (bits.length % 8)) % 8);
  const data = bits.match(/.{8}/g).map((byte) => parseInt(byte, 2));
  for (let pad = 0xec; data.length < total; pad ^= 0xec ^ 0x11) data.push(pad);
  const blocks = [];
  let at = 0;
  for (const size of sizes) {
    blocks.push(data.slice(at, at + size));
    at += size;
  }
  const checks = blocks.map((block) => correction(block, count));
  const out = [];
  for (let place = 0; place < Math.max(...sizes); place += 1) for (const block of blocks) if (place < block.length) out.push(block[place]);
  for (let place = 0; place < count; place += 1) for (const check of checks) out.push(check[place]);
  return [version, out];
}

const MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3), (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function remainder(value, length, divisor) {
  let rest = value << length;
  const top = 1 << length;
  for (let bit = 20; bit >= 0; bit -= 1) if (rest & (top << bit)) rest ^= divisor << bit;
  return (value << length) | rest;
}

// Rows of booleans, true is dark.
export function matrix(text) {
  const [version, words] = codewords(new TextEncoder().encode(text));
  const size = 17 + 4 * version;
  const fixed = frame(version, size);
  const bits = words.flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (word >> bit) & 1));
  let best = null;
  MASKS.forEach((mask, number) => {
    const grid = fixed.map((row) => [...row]);
    let next = 0;
    for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < size; step += 1) {
        const upward = ((right + 1) & 2) === 0;
        const y = upward ? size - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (fixed[y][x] === null) {
            grid[y][x] = Boolean((bits[next] ?? 0) ^ (mask(x, y) === 0 ? 1 : 0));
            next += 1;
          }
        }
      }
    }
    format(grid, size, number);
    const cost = penalty(grid, size);
    if (!best || cost < best[0]) best = [cost, grid];
  });
  return best[1];
}

function frame(version, size) {
  const grid = Array.from({ length: size }, () => new Array(size).fill(null));
  const finder = (left, top) => {
    for (let y = -1; y <= 7; y += 1) for (let x = -1; x <= 7; x += 1) {
      if (grid[top + y]?.[left + x] === undefined) continue;
      const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
      grid[top + y][left + x] = ring !== 2 && ring !== 4;
    }
  };
  finder(0, 0);
  finder(size - 7, 0);
  finder(0, size - 7);
  const places = ALIGNED[version - 1];
  for (const y of places) for (const x of places) {
    if (grid[y][x] !== null) continue;
    for (let dy = -2; dy <= 2; dy += 1) for (let dx = -2; dx <= 2; dx += 1) grid[y + dy][x + dx] = Math.max(Math.abs(dx), Math.abs(dy)) !== 1;
  }
  for (let at = 8; at < size - 8; at += 1) {
    grid[6][at] ??= at % 2 === 0;
    grid[at][6] ??= at % 2 === 0;
  }
  format(grid, size, 0);
  if (version >= 7) {
    const bits = remainder(version, 12, 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const dark = Boolean((bits >> at) & 1);
      const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)];
      grid[near][far] = dark;
      grid[far][near] = dark;
    }
  }
  return grid;
}

function format(grid, size, mask) {
  const bits = remainder(mask, 10, 0x537) ^ 0x5412; // level M is 00
  const bit = (at) => Boolean((bits >> at) & 1);
  for (let at = 0; at < 6; at += 1) grid[at][8] = bit(at);
  grid[7][8] = bit(6);
  grid[8][8] = bit(7);
  grid[8][7] = bit(8);
  for (let at = 9; at < 15; at += 1) grid[8][14 - at] = bit(at);
  for (let at = 0; at < 8; at += 1) grid[8][size - 1 - at] = bit(at);
  for (let at = 8; at < 15; at += 1) grid[size - 15 + at][8] = bit(at);
  grid[size - 8][8] = true;
}

function penalty(grid, size) {
  let cost = 0;
  let dark = 0;
  const line = (at) => {
    let run = 1;
    let text = at(0) ? "1" : "0";
    for (let place = 1; place < size; place += 1) {
      text += at(place) ? "1" : "0";
      if (at(place) === at(place - 1)) run += 1;
      else {
        if (run >= 5) cost += run - 2;
        run = 1;
      }
    }
    if (run >= 5) cost += run - 2;
    cost += 40 * ((text.match(/(?=10111010000)/g) || []).length + (text.match(/(?=00001011101)/g) || []).length);
  };
  for (let one = 0; one < size; one += 1) {
    line((place) => grid[one][place]);
    line((place) => grid[place][one]);
    for (let other = 0; other < size; other += 1) {
      if (grid[one][other]) dark += 1;
      const same = grid[one][other];
      if (one && other && grid[one - 1][other] === same && grid[one][other - 1] === same && grid[one - 1][other - 1] === same) cost += 3;
    }
  }
  return cost + 10 * Math.floor(Math.abs((100 * dark) / size ** 2 - 50) / 5);
}

export function picture(text, label) {
  const grid = matrix(text);
  const path = grid.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return s("svg.qr", { viewBox: `0 0 ${grid.length} ${grid.length}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" }, s("path", { d: path, fill: "#000000" }));
}
