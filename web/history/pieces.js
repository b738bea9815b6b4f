// A text in pieces, each of one author, to which the steps of a playback are applied. Pieces that a
// step does not touch stay the same objects, so that only the others are drawn again. Pure; positions
// are code points.

import { pointsIn } from '../text/points.js';
import { inUnits } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {{text: string, length: number, author: number | null}} Piece length: in code points; author: null for what was
 *   there before, or if it is not known
 */

// A larger piece would be laid out again for each letter in it.
const LENGTH_MAX = 2000;

/** The pieces of the text at the start, of whole lines. @param {string} text @returns {Piece[]} */
export function piecesOf(text) {
  /** @type {Piece[]} */
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from + LENGTH_MAX) + 1 || text.length;
    pieces.push(pieceOf(text.slice(from, end), null));
    from = end;
  }
  return pieces;
}

/**
 * The pieces after a step.
 *
 * @param {readonly Piece[]} pieces
 * @param {readonly Splice[]} splices
 * @param {number | null} author null if it is not known
 * @returns {{pieces: Piece[], last: number}} last: the index of the piece with the last change
 */
export function spliced(pieces, splices, author) {
  /** @type {Piece[]} */
  const result = [];
  const rest = [...pieces].reverse(); // the next one is popped from the end
  let [position, last] = [0, 0];
  for (const [start, deleted, inserted] of splices) {
    position += move(rest, start - position, result);
    position += move(rest, deleted, null);
    if (inserted) append(result, inserted, author);
    last = result.length - 1;
  }
  result.push(...rest.reverse());
  return { pieces: result, last: Math.max(0, last) };
}

/**
 * Move this many characters from the front of the rest; without a target they are dropped.
 *
 * @param {Piece[]} rest
 * @param {number} length
 * @param {Piece[] | null} target
 */
function move(rest, length, target) {
  let left = length;
  while (left > 0) {
    const next = rest.pop();
    if (!next) break;
    const taken = next.length <= left ? next : cut(next, left, rest);
    target?.push(taken);
    left -= taken.length;
  }
  return length - left;
}

/** Cut a piece, and put what is behind back. @param {Piece} whole @param {number} length @param {Piece[]} rest */
function cut({ text, author }, length, rest) {
  const [[offset]] = /** @type {[Splice]} */ (inUnits(text, [[length, 0, '']]));
  rest.push(pieceOf(text.slice(offset), author));
  return pieceOf(text.slice(0, offset), author);
}

/** @param {Piece[]} pieces @param {string} text @param {number | null} author */
function append(pieces, text, author) {
  const last = pieces.at(-1);
  const isMore = last?.author === author && last.length < LENGTH_MAX;
  if (isMore) pieces[pieces.length - 1] = pieceOf(last.text + text, author);
  else pieces.push(pieceOf(text, author));
}

/** @param {string} text @param {number | null} author @returns {Piece} */
export function pieceOf(text, author) {
  return { text, length: pointsIn(text), author };
}
