// The runs of a comparison as the page shows them: parts of the text, and the changes that a reader
// goes through one by one. Words that were changed side by side, with only blanks or punctuation
// between them, are one change. Pure; positions are code points.

import { pointsIn } from '../text/points.js';

/**
 * @typedef {['kept', string] | ['skipped', number] | ['added' | 'removed', string, number | null]} Run
 *   of the server's comparison: the last is the index of who wrote the words, null if unknown
 * @typedef {{kind: 'kept' | 'added' | 'removed' | 'skipped', text: string, author: number | null,
 *   change: number | null}} Part change: the index of the change that it belongs to
 * @typedef {{start: number, end: number, before: string, after: string,
 *   authors: number[]}} Change start, end: of `after` in the newer text; authors: of what was added
 * @typedef {{parts: Part[], changes: Change[], after: string | null}} Comparison after: the newer text;
 *   null if some of it was left out
 */

const JOINS = /^[^\p{L}\p{N}\n]*$/u;

/** @param {readonly Run[]} runs @returns {Comparison} */
export function comparisonOf(runs) {
  /** @type {Part[]} */
  const parts = [];
  /** @type {Change[]} */
  const changes = [];
  let [position, after, isWhole] = [0, '', true];
  for (const [index, run] of runs.entries()) {
    const [kind, content] = run;
    if (kind === 'skipped') {
      position += content;
      isWhole = false;
      parts.push({ kind, text: '', author: null, change: null });
      continue;
    }
    const isChanged = kind !== 'kept';
    const author = kind === 'added' ? run[2] : null; // who removed the words is not known
    const isInside = isChanged || isBetween(runs, index);
    if (isInside && parts.at(-1)?.change == null)
      changes.push({ start: position, end: position, before: '', after: '', authors: [] });
    const change = isInside ? changes.length - 1 : null;
    parts.push({ kind, text: content, author, change });
    if (kind !== 'removed') {
      after += content;
      position += pointsIn(content);
    }
    const current = changes.at(-1);
    if (isInside && current) extend(current, kind, content, author, position);
  }
  return { parts, changes, after: isWhole ? after : null };
}

/** Whether a kept run lies within one change. @param {readonly Run[]} runs @param {number} index */
function isBetween(runs, index) {
  const [before, run, after] = [runs[index - 1], runs[index], runs[index + 1]];
  const isChange = (/** @type {Run | undefined} */ it) =>
    it?.[0] === 'added' || it?.[0] === 'removed';
  return isChange(before) && isChange(after) && run?.[0] === 'kept' && JOINS.test(run[1]);
}

/** @param {Change} change @param {Part['kind']} kind @param {string} text @param {number | null} author @param {number} end */
function extend(change, kind, text, author, end) {
  if (kind !== 'added') change.before += text;
  if (kind !== 'removed') change.after += text;
  if (author !== null && !change.authors.includes(author)) change.authors.push(author);
  change.end = end;
}

/**
 * Where along the text the changes are, as marks that do not lie on each other.
 *
 * @param {readonly number[]} places of the changes, from 0 to 1, ascending
 * @param {number} room how many marks there is room for
 * @returns {{at: number, change: number}[]} change: the first that the mark stands for
 */
export function marksOf(places, room) {
  /** @type {{at: number, change: number}[]} */
  const marks = [];
  for (const [change, at] of places.entries()) {
    const last = marks.at(-1);
    if (!last || Math.floor(at * room) > Math.floor(last.at * room)) marks.push({ at, change });
  }
  return marks;
}
