// Where a hunk is: the rest of its line, its line number, and the end of its result. Pure. Offsets
// are UTF-16.

import { offsetsAt } from '../editor/offsets.js';
import { resolutionOf } from '../replica/decision.js';
import { diffSplices } from '../text/diff_splices.js';
import { pointsIn } from '../text/points.js';
import { inUnits, mapPosition } from '../text/splices.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Hunks} Hunks */

/**
 * The text before and after a hunk on its lines: none around whole lines.
 *
 * @param {Hunks} conflict
 * @param {number} index
 * @returns {[before: string, after: string]}
 */
export function restOfLine({ text, hunks }, index) {
  const { start, end, ...sides } = /** @type {Hunk} */ (hunks[index]);
  const units = inUnits(text, [[start, end - start, '']]);
  const [from, length] = /** @type {[number, number, string]} */ (units[0]);
  if (isLines(sides)) return ['', ''];
  const line = from === 0 ? 0 : text.lastIndexOf('\n', from - 1) + 1;
  const found = text.indexOf('\n', from + length);
  const after = text.slice(from + length, found < 0 ? text.length : found);
  return [text.slice(line, from), after.replace(/\r$/, '')];
}

/**
 * The line number of each hunk in the text shown now, which may have changed elsewhere since.
 *
 * @param {Hunks} conflict
 * @param {string} local
 */
export function linesOf({ text, hunks }, local) {
  const splices = diffSplices(text, local);
  const starts = hunks.map(({ start }) => mapPosition(splices, start));
  return offsetsAt(local, starts).map(({ line }) => line);
}

/**
 * The end of a hunk's result in the text shown after the decision.
 *
 * @param {import('../replica/protocol.js').UnmergedConflict} conflict
 * @param {readonly string[]} results
 * @param {number} index
 * @param {string} local
 * @returns {number} in code points
 */
export function endOfResult(conflict, results, index, local) {
  const { splices, text } = resolutionOf(conflict, results);
  let position = 0;
  for (const [at, [start, deleted, inserted]] of splices.entries()) {
    if (at < index) position += pointsIn(inserted) - deleted;
    else if (at === index) position += start + pointsIn(inserted.replace(/\r?\n$/, ''));
  }
  return mapPosition(diffSplices(text, local), position);
}

/** Whether each side consists of whole lines, so that the hunk ends between lines. @param {Pick<Hunk, 'base' | 'ours' | 'theirs'>} hunk */
function isLines({ base, ours, theirs }) {
  return [base, ours, theirs].every((side) => side === '' || side.endsWith('\n'));
}
