// Who wrote which lines: of each line, the author of most of it. Pure.

import { shown } from '../text/endings.js';

/** @typedef {import('./pieces.js').Piece} Piece */
/**
 * @typedef {{author: number, start: number, end: number, first: number, last: number}} Stripe start, end:
 *   offsets in the text of the editor; first, last: its lines, from 1
 */

/**
 * The lines by their authors, those of one author that follow each other as one; lines without words
 * belong to what is around them.
 *
 * @param {readonly Piece[]} pieces of the text
 * @returns {Stripe[]}
 */
export function stripesOf(pieces) {
  /** @type {Stripe[]} */
  const stripes = [];
  /** @type {Map<number, number>} the letters of each author in the line */
  let letters = new Map();
  let [offset, start, line] = [0, 0, 1];
  const endLine = () => {
    const [most] = [...letters].sort(([, one], [, other]) => other - one);
    const author = most?.[0];
    const last = stripes.at(-1);
    if (author === undefined) return;
    if (last?.author === author) Object.assign(last, { end: offset, last: line });
    else stripes.push({ author, start, end: offset, first: line, last: line });
  };
  for (const { text, author } of pieces) {
    for (const part of shown(text).split(/(\n)/)) {
      const count = part.replace(/\s/g, '').length;
      if (count > 0 && author !== null) letters.set(author, (letters.get(author) ?? 0) + count);
      if (part === '\n') {
        endLine();
        [letters, start, line] = [new Map(), offset + 1, line + 1];
      }
      offset += part.length;
    }
  }
  endLine();
  return stripes;
}
