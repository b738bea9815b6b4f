// Maps positions in a text that the server knows to offsets in the textarea, which shows a newer
// text with LF line breaks. Pure; many at once, because each pass over a large text takes time.

import { diffSplices } from '../text/diff_splices.js';
import { shown } from '../text/endings.js';
import { newlinesIn } from '../text/newlines.js';
import { cursorIn } from '../text/points.js';
import { say } from '../text/say.js';
import { mapPosition } from '../text/splices.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */

const TAG_MAX = 60;

/**
 * The positions of others in the textarea, and their lines.
 *
 * @template {{anchor: number, head: number}} T
 * @param {readonly T[]} places in code points of `known`
 * @param {string} known
 * @param {string} local the text that the textarea shows
 */
export function locate(places, known, local) {
  if (places.length === 0) return [];
  const splices = diffSplices(known, local);
  const offsets = offsetsAt(
    local,
    places.flatMap(({ anchor, head }) => [
      mapPosition(splices, anchor),
      mapPosition(splices, head),
    ]),
  );
  return places.map((place, index) => {
    const [anchor, head] = /** @type {[At, At]} */ (offsets.slice(2 * index, 2 * index + 2));
    return { ...place, anchor: anchor.offset, head: head.offset, line: head.line };
  });
}

/**
 * The regions of a conflict in the textarea, each with the other side in words.
 *
 * @param {Conflict} conflict
 * @param {string} local the text that the textarea shows
 * @returns {{start: number, end: number, tag: string}[]} one for each hunk, never empty; the last may end
 *   behind the text
 */
export function conflictRegions({ hunks, text, names }, local) {
  const splices = diffSplices(text, local);
  const ends = hunks.flatMap(({ start, end }) => [
    mapPosition(splices, start),
    mapPosition(splices, end, true),
  ]);
  const offsets = offsetsAt(local, ends);
  return hunks.map(({ ours }, index) => {
    const tag = tagOf(names.ours[0] ?? say('someone'), ours);
    const [from, to] = /** @type {[At, At]} */ (offsets.slice(2 * index, 2 * index + 2));
    if (from.offset < to.offset) return { start: from.offset, end: to.offset, tag };
    // Deleted here: mark the characters around the place.
    return { start: Math.max(0, from.offset - 1), end: from.offset + 1, tag };
  });
}

/** @param {string} who @param {string} words */
function tagOf(who, words) {
  const line = words.trim().replace(/\s+/g, ' ').slice(0, TAG_MAX);
  return line === '' ? say('tagDeleted', { who }) : say('tag', { who, words: line });
}

/** @typedef {{offset: number, line: number}} At */

/**
 * @param {string} text
 * @param {readonly number[]} positions in any order; those behind the text count as its end
 * @returns {At[]}
 */
export function offsetsAt(text, positions) {
  const cursor = cursorIn(text);
  /** @type {Map<number, At>} */
  const found = new Map();
  let [from, offset, line] = [0, 0, 1];
  for (const next of [...new Set(positions)].sort((a, b) => a - b)) {
    const until = cursor.offsetAt(next);
    const passed = shown(text.slice(from, until));
    offset += passed.length;
    line += newlinesIn(passed);
    from = until;
    found.set(next, { offset, line });
  }
  return positions.map((at) => /** @type {At} */ (found.get(at)));
}
