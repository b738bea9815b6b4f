// A change of a text as a list of splices: the twin of merge/splices.py, with shared test vectors.
//
// A splice [start, deleted, inserted] replaces `deleted` characters at `start` by `inserted`. A list
// is sorted, its splices do not overlap, and every position refers to the text BEFORE any of them.
// Positions are Unicode code points; `inUnits` and `inPoints` convert to and from UTF-16 offsets.

import { cursorIn, pointsIn } from './points.js';

/** @typedef {[start: number, deleted: number, inserted: string]} Splice */

/**
 * Apply splices to a text.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @throws {RangeError} if they are unsorted, overlapping, negative or outside the text
 */
export function apply(text, splices) {
  return applyUnits(text, inUnits(text, splices));
}

/**
 * `first` followed by `second`, as one list against the text before `first`.
 *
 * @param {readonly Splice[]} first
 * @param {readonly Splice[]} second
 * @returns {Splice[]}
 */
export function compose(first, second) {
  const rest = new Pieces(first);
  /** @type {Piece[]} */
  const result = [];
  let position = 0;
  for (const [start, deleted, inserted] of second) {
    result.push(...rest.take(start - position), inserted);
    rest.take(deleted);
    position = start + deleted;
  }
  return fromPieces([...result, ...rest.take(Number.POSITIVE_INFINITY)]);
}

/**
 * The splices that undo others, against the text after those.
 *
 * @param {string} text the text before them
 * @param {readonly Splice[]} splices
 * @returns {Splice[]}
 */
export function invert(text, splices) {
  const units = inUnits(text, splices);
  let shift = 0;
  return splices.map(([start, deleted, inserted], index) => {
    const [from, length] = /** @type {Splice} */ (units[index]);
    const added = pointsIn(inserted);
    const undone = /** @type {Splice} */ ([start + shift, added, text.slice(from, from + length)]);
    shift += added - deleted;
    return undone;
  });
}

/**
 * Map a position through splices.
 *
 * @param {readonly Splice[]} splices
 * @param {number} position
 * @param {boolean} [after] whether it goes behind text inserted exactly there
 * @param {(inserted: string) => number} [lengthOf] for splices in units other than code points
 */
export function mapPosition(splices, position, after = false, lengthOf = pointsIn) {
  let shift = 0;
  for (const [start, deleted, inserted] of splices) {
    const inFront = position === start && (deleted > 0 || !after);
    if (position < start || inFront) break;
    if (position < start + deleted) return start + shift + (after ? lengthOf(inserted) : 0);
    shift += lengthOf(inserted) - deleted;
  }
  return position + shift;
}

// UTF-16 offsets

/** For `mapPosition`. @param {string} inserted */
export function lengthInUnits(inserted) {
  return inserted.length;
}

/**
 * The same splices with UTF-16 offsets.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @returns {readonly Splice[]}
 * @throws {RangeError} if they are unsorted, overlapping, negative or outside the text
 */
export function inUnits(text, splices) {
  if (splices.length === 0) return [];
  const cursor = cursorIn(text);
  const offsetOf = (/** @type {number} */ position) => {
    const offset = cursor.offsetAt(position);
    if (offset > text.length) throw new RangeError(`position ${position} is outside the text`);
    return offset;
  };
  let end = 0;
  return splices.map(([start, deleted, inserted]) => {
    if (start < end || deleted < 0) throw new RangeError(`splice at ${start} overlaps`);
    end = start + deleted;
    const from = offsetOf(start);
    return [from, offsetOf(end) - from, inserted];
  });
}

/**
 * Whether whole lines are put in front of the line that starts at an offset. A caret there belongs
 * to its line, and so goes behind them.
 *
 * @param {string} text
 * @param {readonly Splice[]} units
 * @param {number} offset
 */
export function addsLinesAt(text, units, offset) {
  if (offset > 0 && text[offset - 1] !== '\n') return false;
  return units.some(([start, deleted, put]) => start === offset && !deleted && put.endsWith('\n'));
}

/**
 * The inverse of `inUnits`.
 *
 * @param {string} text
 * @param {readonly Splice[]} units
 * @returns {Splice[]}
 */
export function inPoints(text, units) {
  if (units.length === 0) return [];
  const cursor = cursorIn(text);
  return units.map(([start, deleted, inserted]) => {
    const point = cursor.pointAt(start);
    return [point, cursor.pointAt(start + deleted) - point, inserted];
  });
}

/**
 * @param {string} text
 * @param {readonly Splice[]} units
 */
export function applyUnits(text, units) {
  if (units.length === 0) return text;
  const parts = [];
  let offset = 0;
  for (const [start, deleted, inserted] of units) {
    parts.push(text.slice(offset, start), inserted);
    offset = start + deleted;
  }
  parts.push(text.slice(offset));
  return parts.join('');
}

// compose: the text between the two lists, as kept ranges of the text before, and inserted text

/** @typedef {{start: number, end: number}} Kept */
/** @typedef {Kept | string} Piece */

class Pieces {
  /** @type {Piece[]} */
  #pieces = [];

  /** @param {readonly Splice[]} splices */
  constructor(splices) {
    let position = 0;
    for (const [start, deleted, inserted] of splices) {
      this.#pieces.push({ start: position, end: start }, inserted);
      position = start + deleted;
    }
    this.#pieces.push({ start: position, end: Number.POSITIVE_INFINITY });
  }

  /** Remove this many characters from the front. @param {number} length @returns {Piece[]} */
  take(length) {
    const taken = [];
    while (length > 0) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      const [head, rest, size] = cut(piece, length);
      taken.push(head);
      if (rest !== null) this.#pieces.unshift(rest);
      length -= size;
    }
    return taken;
  }
}

/** @param {Piece} piece @param {number} length @returns {[Piece, Piece | null, number]} */
function cut(piece, length) {
  if (typeof piece === 'string') {
    const points = [...piece];
    const size = Math.min(points.length, length);
    return [points.slice(0, size).join(''), points.slice(size).join('') || null, size];
  }
  const middle = Math.min(piece.end, piece.start + length);
  const rest = middle < piece.end ? { start: middle, end: piece.end } : null;
  return [{ start: piece.start, end: middle }, rest, middle - piece.start];
}

/** @param {Piece[]} pieces @returns {Splice[]} */
function fromPieces(pieces) {
  /** @type {Splice[]} */
  const splices = [];
  let position = 0;
  let inserted = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      inserted += piece;
    } else if (piece.start < piece.end) {
      if (inserted || piece.start > position) {
        splices.push([position, piece.start - position, inserted]);
      }
      position = piece.end;
      inserted = '';
    }
  }
  return splices;
}
