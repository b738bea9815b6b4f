// Finds the splices between two texts, from coarse to fine, where people would place them. The twin
// of merge/diff_splices.py; the lists may differ, but lead to the same text. Offsets are UTF-16,
// except in the results of `diffSplices` and `typedAt`.

import { commonPrefix, commonSuffix } from './common_ends.js';
import { diff, isBoundary, lines, words } from './diff.js';
import { inPoints } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */

// A changed range with more tokens than this is replaced as a whole.
const TOKENS_MAX = 20_000;

// How far an insertion or deletion may slide to a better place.
const SLIDE_MAX = 200;

/**
 * Find a short list of splices from `before` to `after`. Common text at both ends is kept; in
 * between, lines are compared first, then words within changed lines.
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
  return anchored(
    before,
    found.map(([start, deleted, inserted]) => [start + prefix, deleted, inserted]),
  );
}

/**
 * The lengths of the common prefix and suffix. For a replacement they end between lines: otherwise
 * lines that start alike would be compared without their common part.
 *
 * @param {string} before
 * @param {string} after
 */
function commonEnds(before, after) {
  const prefix = commonPrefix(before, after);
  const shorter = Math.min(before.length, after.length);
  const suffix = commonSuffix(before, after, shorter - prefix);
  const [end, newEnd] = [before.length - suffix, after.length - suffix];
  if (prefix === Math.min(end, newEnd)) return [prefix, suffix];
  const isBetween = before[end - 1] === '\n' && after[newEnd - 1] === '\n';
  const line = isBetween ? end : before.indexOf('\n', end) + 1 || before.length;
  return [prefix && before.lastIndexOf('\n', prefix - 1) + 1, before.length - line];
}

/**
 * The single splice between two texts that ends at the caret, as typed there. (Only the caret tells
 * at which of three places an "l" was added to "all".)
 *
 * @param {string} before
 * @param {string} after
 * @param {number} caret offset in `after`
 * @returns {Splice[]} none if the texts are equal
 */
export function typedAt(before, after, caret) {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  const suffix = commonSuffix(before, after, Math.min(shorter, after.length - caret));
  const prefix = commonPrefix(before, after, shorter - suffix);
  const deleted = before.length - suffix - prefix;
  return inPoints(before, [[prefix, deleted, after.slice(prefix, after.length - suffix)]]);
}

/**
 * Slide each insertion or deletion to where it is whole lines, sentences or words: from "(b)" to
 * "(a) (b)" is an insertion of "(a) ", not of "a) (". So insertions by two people before the same
 * word are at the same point.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function anchored(text, splices) {
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
  /** The n-th character of the piece, which repeats as it slides. */
  const at = (/** @type {number} */ n) => /** @type {string} */ (piece[((n % size) + size) % size]);
  const least = Math.max(low - start, -SLIDE_MAX);
  const most = Math.min(high - start - deleted, SLIDE_MAX);
  let [from, to] = [0, 0];
  while (from > least && text[start + from - 1] === at(from - 1)) from--;
  while (to < most && text[start + deleted + to] === at(to)) to++;
  let [best, highest] = [0, 0];
  for (let slide = to; slide >= from; slide--) {
    const [first, end] = [start + slide, start + slide + deleted];
    const score = placement(text, first, end, at(slide), at(slide - 1));
    if (score > highest && isBoundary(text, first) && isBoundary(text, end)) {
      [best, highest] = [slide, score];
    }
  }
  const turn = ((best % size) + size) % size;
  return [start + best, deleted, inserted.slice(turn) + inserted.slice(0, turn)];
}

/**
 * The score of a place for an insertion or deletion: 3 for whole lines, 2 sentences, 1 words, else 0.
 *
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} first the first character of the piece
 * @param {string} last its last one
 */
function placement(text, start, end, first, last) {
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

/** A splice without the common prefix and suffix. @param {string} old @param {string} fresh @param {number} start @returns {Splice} */
function trimmed(old, fresh, start) {
  const prefix = commonPrefix(old, fresh);
  const suffix = commonSuffix(old, fresh, Math.min(old.length, fresh.length) - prefix);
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
 * Replace everything if the splices would split a grapheme cluster (an accent added to a letter).
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
