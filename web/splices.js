// A change of a text as a list of splices: the twin of merge/splices.py, held to it by shared
// test vectors.
//
// A splice [start, deleted, inserted] says: at `start`, `deleted` characters give way to
// `inserted`. A list is sorted, its splices do not overlap, and every position refers to the text
// BEFORE any of them. Positions are Unicode code points; `inUnits` and `inPoints` convert to and
// from offsets in JavaScript's strings, and cost nothing where the text has no surrogates.

import { diff, isBoundary, lines, words } from './diff.js';

/** @typedef {[start: number, deleted: number, inserted: string]} Splice */

// Beyond this many tokens a changed stretch is replaced as a whole.
const TOKENS_MAX = 20_000;

// How far an insertion may slide to a better place.
const SLIDE_MAX = 200;

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Carry out the splices.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @throws {RangeError} unsorted, overlapping, negative or outside the text
 */
export function apply(text, splices) {
  return applyUnits(text, inUnits(text, splices));
}

/**
 * Find a small list of splices that makes `after` of `before`: what they have in common at both
 * ends stays; in between, lines are compared first, then words within changed lines.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Splice[]}
 */
export function between(before, after) {
  return inPoints(before, betweenUnits(before, after));
}

/**
 * `first` and then `second`, as one list against the text before `first`.
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
 * What undoes the splices, against the text after them.
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
 * Where a caret goes.
 *
 * @param {readonly Splice[]} splices
 * @param {number} position
 * @param {boolean} [after] whether it goes behind text inserted exactly there
 * @param {(inserted: string) => number} [lengthOf] for splices whose positions are no code points
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

// Offsets in JavaScript's strings

/**
 * The same splices with their positions as offsets in the string.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @returns {readonly Splice[]}
 * @throws {RangeError} unsorted, overlapping, negative or outside the text
 */
export function inUnits(text, splices) {
  const offsetOf = SURROGATE.test(text) ? walk(text) : checked(text);
  let end = 0;
  return splices.map(([start, deleted, inserted]) => {
    if (start < end || deleted < 0) throw new RangeError(`splice at ${start} overlaps`);
    end = start + deleted;
    const from = offsetOf(start);
    return [from, offsetOf(end) - from, inserted];
  });
}

/**
 * The inverse of `inUnits`.
 *
 * @param {string} text
 * @param {readonly Splice[]} units
 * @returns {Splice[]}
 */
export function inPoints(text, units) {
  if (!SURROGATE.test(text)) return [...units];
  let offset = 0;
  let position = 0;
  return units.map(([start, deleted, inserted]) => {
    position += pointsIn(text.slice(offset, start));
    const point = position;
    position += pointsIn(text.slice(start, start + deleted));
    offset = start + deleted;
    return [point, position - point, inserted];
  });
}

/** The code point position of an offset. @param {string} text @param {number} offset */
export function pointAt(text, offset) {
  return pointsIn(text.slice(0, offset));
}

/** The length in code points. @param {string} text */
export function pointsIn(text) {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * @param {string} text
 * @param {readonly Splice[]} units
 */
export function applyUnits(text, units) {
  const parts = [];
  let offset = 0;
  for (const [start, deleted, inserted] of units) {
    parts.push(text.slice(offset, start), inserted);
    offset = start + deleted;
  }
  parts.push(text.slice(offset));
  return parts.join('');
}

/** @param {string} text @returns {(position: number) => number} */
function checked(text) {
  return (position) => {
    if (position > text.length) throw new RangeError(`position ${position} is outside the text`);
    return position;
  };
}

/** For positions that only grow. @param {string} text @returns {(position: number) => number} */
function walk(text) {
  let offset = 0;
  let at = 0;
  return (position) => {
    for (; at < position; at++) {
      if (offset >= text.length) throw new RangeError(`position ${position} is outside the text`);
      offset += /** @type {number} */ (text.codePointAt(offset)) > 0xffff ? 2 : 1;
    }
    return offset;
  };
}

// between: from coarse to fine, all in offsets

/**
 * @param {string} before
 * @param {string} after
 * @returns {Splice[]}
 */
export function betweenUnits(before, after) {
  if (before === after) return [];
  const prefix = commonPrefix(before, after);
  const suffix = commonSuffix(before, after, prefix);
  const old = before.slice(prefix, before.length - suffix);
  const fresh = after.slice(prefix, after.length - suffix);
  const found = onBoundaries(finer(old, fresh), old, fresh);
  return settled(
    before,
    found.map(([start, deleted, inserted]) => [start + prefix, deleted, inserted]),
  );
}

/**
 * The same change where it begins with a line or a word, if it can slide there: "(a) (b)" made of
 * "(b)" is an insertion of "(a) ", not of "a) (". So two people's insertions before one word are
 * insertions at one point.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function settled(text, splices) {
  let low = 0;
  return splices.map((splice, index) => {
    const high = splices[index + 1]?.[0] ?? text.length;
    const isPure = splice[1] === 0 || splice[2] === '';
    const best = isPure ? slid(text, splice, low, high) : splice;
    low = best[0] + best[1];
    return best;
  });
}

/**
 * @param {string} text
 * @param {Splice} splice
 * @param {number} low
 * @param {number} high
 * @returns {Splice}
 */
function slid(text, [start, deleted, inserted], low, high) {
  const piece = deleted ? text.slice(start, start + deleted) : inserted;
  const size = piece.length;
  /** What the n-th character from the start of the piece would be, if it slid that far. */
  const at = (/** @type {number} */ n) => piece[((n % size) + size) % size];
  const least = Math.max(low - start, -SLIDE_MAX);
  const most = Math.min(high - start - deleted, SLIDE_MAX);
  let [from, to] = [0, 0];
  while (from > least && text[start + from - 1] === at(from - 1)) from--;
  while (to < most && text[start + deleted + to] === at(to)) to++;
  let best = 0;
  for (let slide = from; slide <= to; slide++) {
    const isBetter = merit(text, start + slide) > merit(text, start + best);
    if (isBetter && isBoundary(text, start + slide) && isBoundary(text, start + slide + deleted)) {
      best = slide;
    }
  }
  const turn = ((best % size) + size) % size;
  return [start + best, deleted, inserted.slice(turn) + inserted.slice(0, turn)];
}

/** How good a place a position is to begin a change. @param {string} text @param {number} offset */
function merit(text, offset) {
  if (offset === 0 || text[offset - 1] === '\n') return 2;
  return /\s/.test(text[offset - 1] ?? '') ? 1 : 0;
}

/** @param {string} old @param {string} fresh @returns {Splice[]} */
function finer(old, fresh) {
  return refined(old, fresh, lines(old), lines(fresh)).flatMap((coarse) => {
    const [start, deleted, inserted] = coarse;
    if (!deleted || !inserted) return [coarse];
    const part = old.slice(start, start + deleted);
    const [oldWords, newWords] = [words(part), words(inserted)];
    if (oldWords.length + newWords.length > TOKENS_MAX) return [coarse];
    return refined(part, inserted, oldWords, newWords).map(
      ([at, length, put]) => /** @type {Splice} */ ([at + start, length, put]),
    );
  });
}

/**
 * @param {string} old
 * @param {string} fresh
 * @param {readonly string[]} oldParts
 * @param {readonly string[]} newParts
 * @returns {Splice[]}
 */
function refined(old, fresh, oldParts, newParts) {
  if (!old || !fresh) return [[0, old.length, fresh]];
  const starts = offsets(oldParts);
  const newStarts = offsets(newParts);
  const at = (/** @type {number[]} */ list, /** @type {number} */ index) => list[index] ?? 0;
  return diff(oldParts, newParts).map((change) => [
    at(starts, change.start),
    at(starts, change.end) - at(starts, change.start),
    fresh.slice(at(newStarts, change.newStart), at(newStarts, change.newEnd)),
  ]);
}

/**
 * A coarser list where the fine one would cut a character (an accent added to a kept letter).
 *
 * @param {Splice[]} found
 * @param {string} old
 * @param {string} fresh
 * @returns {Splice[]}
 */
function onBoundaries(found, old, fresh) {
  let shift = 0;
  for (const [start, deleted, inserted] of found) {
    const sound =
      isBoundary(old, start) &&
      isBoundary(old, start + deleted) &&
      isBoundary(fresh, start + shift) &&
      isBoundary(fresh, start + shift + inserted.length);
    if (!sound) return [[0, old.length, fresh]];
    shift += inserted.length - deleted;
  }
  return found;
}

/** @param {readonly string[]} parts */
function offsets(parts) {
  const found = [0];
  let offset = 0;
  for (const part of parts) {
    offset += part.length;
    found.push(offset);
  }
  return found;
}

/** @param {string} left @param {string} right */
function commonPrefix(left, right) {
  const most = Math.min(left.length, right.length);
  let length = 0;
  while (length < most && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  while (!(isBoundary(left, length) && isBoundary(right, length))) length--;
  return length;
}

/** @param {string} left @param {string} right @param {number} prefix */
function commonSuffix(left, right, prefix) {
  const most = Math.min(left.length, right.length) - prefix;
  const equal = (/** @type {number} */ n) =>
    left.charCodeAt(left.length - n) === right.charCodeAt(right.length - n);
  let length = 0;
  while (length < most && equal(length + 1)) length++;
  while (!(isBoundary(left, left.length - length) && isBoundary(right, right.length - length))) {
    length--;
  }
  return length;
}

// compose: the text between the two lists, as kept stretches of the text before and inserted text

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
