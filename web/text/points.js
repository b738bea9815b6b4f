// Converts between code points and UTF-16 offsets: a character beyond U+FFFF is a pair of units. The
// pairs of a large text are counted per block, so that only those of what has changed are counted
// again.

import { Blocks } from './blocks.js';

/** @typedef {{length: number, points: number}} Part length: in UTF-16 */

const PAIRS = /[\ud800-\udbff][\udc00-\udfff]/g;
// A smaller text is one block.
const LARGE = 20_000;

/** @type {Blocks<Part>} */
const blocks = new Blocks();

/** The length in code points. @param {string} text */
export function pointsIn(text) {
  return cursorIn(text).pointAt(text.length);
}

/** Goes through a text, forwards only. @param {string} text */
export function cursorIn(text) {
  const parts = partsOf(text);
  let [next, offset, point] = [0, 0, 0];
  let [end, endPoint] = [0, 0]; // of the current block
  const entersNext = () => {
    const part = parts[next++];
    if (part) {
      [offset, point] = [end, endPoint];
      end += part.length;
      endPoint += part.points;
    }
    return part;
  };
  return {
    /** @param {number} to an offset @returns its position; that of the end if it is behind the text */
    pointAt(to) {
      while (to >= end && entersNext()) {}
      point += partOf(text.slice(offset, to)).points;
      offset = to;
      return point;
    },
    /** @param {number} to a position @returns its offset; behind the text if the position is */
    offsetAt(to) {
      while (to >= endPoint && entersNext()) {}
      const hasPairs = end - offset > endPoint - point;
      for (; hasPairs && point < to && offset < end; point++) {
        offset += /** @type {number} */ (text.codePointAt(offset)) > 0xffff ? 2 : 1;
      }
      offset += to - point;
      point = to;
      return offset;
    },
  };
}

/** @param {string} text @returns {readonly Part[]} */
function partsOf(text) {
  return text.length < LARGE ? [partOf(text)] : blocks.of(text, partOf);
}

/** @param {string} text @returns {Part} */
function partOf(text) {
  return { length: text.length, points: text.length - (text.match(PAIRS)?.length ?? 0) };
}
