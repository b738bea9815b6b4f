// The lines around a hunk, with other hunks on them kept separate because each side has its own
// words there as well. Pure. Offsets are UTF-16.

import { resolutionOf } from '../replica/decision.js';
import { diffSplices } from '../text/diff_splices.js';
import { inUnits, mapPosition, pointsIn } from '../text/splices.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Hunks} Hunks */
/** @typedef {string | Hunk} Part text that all sides have in common, or another hunk */
/**
 * @typedef {{above: Part[], before: Part[], after: Part[], below: Part[]}} HunkContext before and
 *   after: on the lines of the hunk
 */
/** @typedef {{hunk: Hunk, from: number, to: number}} Range */

const LINES_AROUND = 2;

/** @param {Hunks} conflict @param {number} index @returns {HunkContext} */
export function hunkContext({ text, hunks }, index) {
  const ranges = rangesOf(text, hunks);
  const { hunk, from, to } = /** @type {Range} */ (ranges[index]);
  const start = startOfLine(text, ranges, from);
  const end = isLines(hunk) ? to : endOfLine(text, ranges, to);
  const next = isLines(hunk) ? to : afterLineEnd(text, end);
  let [top, bottom, line] = [start, next, next];
  for (let count = 0; count < LINES_AROUND; count++) {
    if (top > 0) top = startOfLine(text, ranges, top - 1);
    if (line < text.length) bottom = endOfLine(text, ranges, line);
    line = afterLineEnd(text, bottom);
  }
  const [earlier, later] = [ranges.slice(0, index), ranges.slice(index + 1)];
  const isOnLine = (/** @type {Range} */ range) => range.from <= end && !isLines(hunk);
  return {
    above: parts(
      text,
      earlier.filter((range) => range.from < start),
      top,
      start,
    ),
    before: parts(
      text,
      earlier.filter((range) => range.from >= start),
      start,
      from,
    ),
    after: parts(text, later.filter(isOnLine), to, end),
    below: parts(
      text,
      later.filter((range) => !isOnLine(range)),
      next,
      bottom,
    ),
  };
}

/**
 * The line number of each hunk in the text shown now, which may have changed elsewhere since.
 *
 * @param {Hunks} conflict
 * @param {string} local
 */
export function linesOf({ text, hunks }, local) {
  const splices = diffSplices(text, local);
  return hunks.map(({ start }) => lineAt(local, mapPosition(splices, start)));
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

/** @param {string} text @param {number} position in code points */
function lineAt(text, position) {
  const [[offset]] = /** @type {[[number, number, string]]} */ (inUnits(text, [[position, 0, '']]));
  return text.slice(0, offset).split('\n').length;
}

/** @param {string} text @param {readonly Hunk[]} hunks @returns {Range[]} */
function rangesOf(text, hunks) {
  const units = inUnits(
    text,
    hunks.map(({ start, end }) => [start, end - start, '']),
  );
  return units.map(([from, length], index) => {
    return { hunk: /** @type {Hunk} */ (hunks[index]), from, to: from + length };
  });
}

/** Whether each side consists of whole lines, so that the hunk ends between lines. @param {Hunk} hunk */
function isLines({ base, ours, theirs }) {
  return [base, ours, theirs].every((side) => side === '' || side.endsWith('\n'));
}

/** Ignores line breaks within a hunk: another side may not have them. @param {string} text @param {Range[]} ranges @param {number} at @returns {number} */
function startOfLine(text, ranges, at) {
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  const across = ranges.find(({ from, to }) => from < start && start <= to && to <= at);
  return across && !isLines(across.hunk) ? startOfLine(text, ranges, across.from) : start;
}

/** @param {string} text @param {Range[]} ranges @param {number} at @returns {number} before the line break */
function endOfLine(text, ranges, at) {
  const found = text.indexOf('\n', at);
  const end = found < 0 ? text.length : found;
  const across = ranges.find(({ from, to }) => at <= from && from <= end && end < to);
  if (across) return endOfLine(text, ranges, across.to);
  return text[end - 1] === '\r' && end > at ? end - 1 : end;
}

/** @param {string} text @param {number} end the end of a line */
function afterLineEnd(text, end) {
  return end + (text.startsWith('\r\n', end) ? 2 : 1);
}

/** @param {string} text @param {Range[]} ranges @param {number} start @param {number} end @returns {Part[]} */
function parts(text, ranges, start, end) {
  /** @type {Part[]} */
  const found = [];
  let position = start;
  for (const { hunk, from, to } of ranges) {
    if (from < position || to > end) continue;
    found.push(text.slice(position, from), hunk);
    position = to;
  }
  return [...found, text.slice(position, end)].filter((part) => part !== '');
}
