// The CRC-32 of a text's UTF-8, as in zlib: the `check` with which a client detects that it has
// diverged; and the size in bytes. Computed per block, so that of a large text only what has changed
// since the last call is read again, and combined as zlib's `crc32_combine` does.

import { Blocks } from './blocks.js';

/** @typedef {{bytes: number, sum: number, power: number}} Part power: x^(8 * bytes) */

// Of a polynomial the highest bit is the coefficient of x^0.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = timesX(byte);
  return byte;
});
const encoder = new TextEncoder();
/** @type {Blocks<Part>} */
const blocks = new Blocks();

/** @param {string} text */
export function checkOf(text) {
  const parts = blocks.of(text, partOf);
  return parts.reduce((sum, part) => product(sum, part.power) ^ part.sum, 0) >>> 0;
}

/** The size in UTF-8. @param {string} text */
export function bytesIn(text) {
  return blocks.of(text, partOf).reduce((size, { bytes }) => size + bytes, 0);
}

/** @param {string} text @returns {Part} */
function partOf(text) {
  const encoded = encoder.encode(text);
  let [sum, power] = [-1, 1 << 31];
  for (const byte of encoded) {
    sum = timesX8(sum ^ byte);
    power = timesX8(power);
  }
  return { bytes: encoded.length, sum: ~sum, power };
}

/** The product of two polynomials, modulo that of CRC-32. @param {number} a @param {number} b */
function product(a, b) {
  let result = 0;
  for (; a !== 0; a <<= 1) {
    if (a < 0) result ^= b;
    b = timesX(b);
  }
  return result;
}

/** @param {number} polynomial */
function timesX(polynomial) {
  return polynomial & 1 ? (polynomial >>> 1) ^ 0xedb88320 : polynomial >>> 1;
}

/** @param {number} polynomial */
function timesX8(polynomial) {
  return (polynomial >>> 8) ^ /** @type {number} */ (TABLE[polynomial & 0xff]);
}
