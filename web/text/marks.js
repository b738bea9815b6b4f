// What differs between two texts, word by word, for people to look at. Pure.

import { diff, words } from './diff.js';

/** @typedef {{kind: 'same' | 'added' | 'removed', text: string}} Run */

// Beyond this share of what is new or gone, single words among it tell nothing.
const REWRITTEN = 0.7;

/**
 * @param {string} before
 * @param {string} after
 * @returns {Run[]} `after`, with what is new in it and what has gone; all of it new where hardly
 *   anything is the same
 */
export function marked(before, after) {
  const [old, parts] = [words(before), words(after)];
  /** @type {Run[]} */
  const runs = [];
  const add = (/** @type {Run['kind']} */ kind, /** @type {string[]} */ run) => {
    if (run.length > 0) runs.push({ kind, text: run.join('') });
  };
  let position = 0;
  for (const { start, end, newStart, newEnd } of diff(old, parts)) {
    add('same', parts.slice(position, newStart));
    add('removed', old.slice(start, end));
    add('added', parts.slice(newStart, newEnd));
    position = newEnd;
  }
  add('same', parts.slice(position));
  if (!isRewritten(runs)) return runs;
  return after ? [{ kind: 'added', text: after }] : [];
}

/** @param {Run[]} runs */
function isRewritten(runs) {
  let [changed, all] = [0, 0];
  for (const { kind, text } of runs) {
    if (kind !== 'same') changed += text.length;
    all += kind === 'same' ? 2 * text.length : text.length;
  }
  return changed > all * REWRITTEN;
}

/** Blanks and line ends as something that can be seen. @param {string} blanks */
export function visible(blanks) {
  return blanks
    .replaceAll(' ', '·')
    .replaceAll('\u00a0', '⍽')
    .replaceAll('\t', '⇥')
    .replace(/(\r?)\n|\r/g, (end, isCrlf) => (end === '\n' ? '⏎\n' : isCrlf ? '␍⏎\n' : '␍\n'));
}

/** Blanks and line ends in words, for those who listen. @param {string} blanks */
export function spoken(blanks) {
  const ends = blanks.match(/\r?\n|\r/g)?.length ?? 0;
  const spaces = blanks.replace(/[\r\n]/g, '').length;
  const counts = [
    [spaces, 'space'],
    [ends, 'line break'],
  ];
  return counts
    .filter(([count]) => count)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`)
    .join(', ');
}
