// CRC-32 of a text's UTF-8, as in zlib: the `check` with which a client detects that it has diverged.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const encoder = new TextEncoder();

/** @param {string} text */
export function checkOf(text) {
  let sum = 0xffffffff;
  for (const byte of encoder.encode(text)) {
    sum = (sum >>> 8) ^ /** @type {number} */ (TABLE[(sum ^ byte) & 0xff]);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
