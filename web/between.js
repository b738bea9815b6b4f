// Finding the splices between two texts: from coarse to fine, and where people would say they are.
// The twin of `between` in merge/splices.py; the lists need not be the same, only what they give.
// But for `between` itself, everything here counts in offsets of JavaScript's strings.

import { diff, isBoundary, lines, words } from './diff.js';
import { inPoints } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */

// Beyond this many tokens a changed stretch is replaced as a whole.
const TOKENS_MAX = 20_000;

// How far an insertion may slide to a better place.
const SLIDE_MAX = 200;

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
 * The one splice between two texts that ends at a caret, as somebody made it who typed there. (Of
 * the three places where an "l" may have come into "all" only the caret tells which it was.)
 *
 * @param {string} before
 * @param {string} after
 * @param {number} caret offset in `after`
 * @returns {Splice[]} none where the texts are equal
 */
export function typedAt(before, after, caret) {
  if (before === after) return [];
  const behind = after.length - caret;
  const suffix = commonSuffix(before, after, 0, behind);
  const prefix = commonPrefix(before, after, Math.min(before.length, after.length) - suffix);
  const deleted = before.length - suffix - prefix;
  return inPoints(before, [[prefix, deleted, after.slice(prefix, after.length - suffix)]]);
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
function commonPrefix(left, right, most = Math.min(left.length, right.length)) {
  let length = 0;
  while (length < most && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  while (!(isBoundary(left, length) && isBoundary(right, length))) length--;
  return length;
}

/** @param {string} left @param {string} right @param {number} prefix */
function commonSuffix(left, right, prefix, limit = Number.POSITIVE_INFINITY) {
  const most = Math.min(Math.min(left.length, right.length) - prefix, limit);
  const equal = (/** @type {number} */ n) =>
    left.charCodeAt(left.length - n) === right.charCodeAt(right.length - n);
  let length = 0;
  while (length < most && equal(length + 1)) length++;
  while (!(isBoundary(left, left.length - length) && isBoundary(right, right.length - length))) {
    length--;
  }
  return length;
}
