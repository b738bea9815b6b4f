// Finding the splices between two texts: from coarse to fine, and where people would say they are.
// The twin of `between` in merge/between.py; the lists need not be the same, only what they give.
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
export function diffSplices(before, after) {
  return inPoints(before, diffSplicesInUnits(before, after));
}

/**
 * @param {string} before
 * @param {string} after
 * @returns {Splice[]}
 */
export function diffSplicesInUnits(before, after) {
  if (before === after) return [];
  const [prefix, suffix] = commonEnds(before, after);
  const old = before.slice(prefix, before.length - suffix);
  const fresh = after.slice(prefix, after.length - suffix);
  const found = onBoundaries(finer(old, fresh), old, fresh);
  return settled(
    before,
    found.map(([start, deleted, inserted]) => [start + prefix, deleted, inserted]),
  );
}

/**
 * How much both have in common at the start and at the end. Where something gave way to something
 * else this ends between lines: lines that begin alike would be compared with what is left of them.
 *
 * @param {string} before
 * @param {string} after
 */
function commonEnds(before, after) {
  const prefix = commonPrefix(before, after);
  const suffix = commonSuffix(before, after, prefix);
  const [end, newEnd] = [before.length - suffix, after.length - suffix];
  if (prefix === Math.min(end, newEnd)) return [prefix, suffix];
  const isBetween = before[end - 1] === '\n' && after[newEnd - 1] === '\n';
  const line = isBetween ? end : before.indexOf('\n', end) + 1 || before.length;
  return [prefix && before.lastIndexOf('\n', prefix - 1) + 1, before.length - line];
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
 * The same change where it is whole lines, sentences or words, if it can slide there: "(a) (b)" made
 * of "(b)" is an insertion of "(a) ", not of "a) (". So two people's insertions before one word are
 * insertions at one point.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function settled(text, splices) {
  let low = 0;
  return splices.map((splice, index) => {
    const next = splices[index + 1];
    const isPure = splice[1] === 0 || splice[2] === '';
    const best = isPure ? slid(text, splice, low, next ? next[0] - 1 : text.length) : splice;
    low = best[0] + best[1] + 1;
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
  const at = (/** @type {number} */ n) => /** @type {string} */ (piece[((n % size) + size) % size]);
  const least = Math.max(low - start, -SLIDE_MAX);
  const most = Math.min(high - start - deleted, SLIDE_MAX);
  let [from, to] = [0, 0];
  while (from > least && text[start + from - 1] === at(from - 1)) from--;
  while (to < most && text[start + deleted + to] === at(to)) to++;
  let [best, likeliest] = [0, 0];
  for (let slide = to; slide >= from; slide--) {
    const [first, end] = [start + slide, start + slide + deleted];
    const likely = likelihood(text, first, end, at(slide), at(slide - 1));
    if (likely > likeliest && isBoundary(text, first) && isBoundary(text, end)) {
      [best, likeliest] = [slide, likely];
    }
  }
  const turn = ((best % size) + size) % size;
  return [start + best, deleted, inserted.slice(turn) + inserted.slice(0, turn)];
}

/**
 * How likely something comes or goes there: 3 whole lines, 2 sentences, 1 words, else 0.
 *
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} first its first character
 * @param {string} last its last one
 */
function likelihood(text, start, end, first, last) {
  const before = text[start - 1] ?? '\n';
  if (before === '\n' && last === '\n') return 3;
  const areWords = [before + first, last + (text[end] ?? '\n')].every((pair) => /\s/.test(pair));
  if (!areWords) return 0;
  return /(?:^|[\n.!?。！？]) *$/.test(text.slice(Math.max(start - 2, 0), start)) ? 2 : 1;
}

/** @param {string} old @param {string} fresh @returns {Splice[]} */
function finer(old, fresh) {
  return refined(old, fresh, lines(old), lines(fresh)).flatMap((coarse) => {
    const [start, deleted, inserted] = coarse;
    if (!deleted || !inserted) return [coarse];
    const part = old.slice(start, start + deleted);
    const [oldWords, newWords] = [words(part), words(inserted)];
    if (oldWords.length + newWords.length > TOKENS_MAX) return [trimmed(part, inserted, start)];
    return refined(part, inserted, oldWords, newWords).map(([at, length, put]) =>
      trimmed(part.slice(at, at + length), put, at + start),
    );
  });
}

/** Without what both have in common at their ends. @param {string} old @param {string} fresh @param {number} start @returns {Splice} */
function trimmed(old, fresh, start) {
  const prefix = commonPrefix(old, fresh);
  const suffix = commonSuffix(old, fresh, prefix);
  return [start + prefix, old.length - suffix - prefix, fresh.slice(prefix, fresh.length - suffix)];
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
