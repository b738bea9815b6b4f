// What one text has and another lacks, where no version is known that both were made from. Pure.

import { diff, lines, words } from '../text/diff.js';

/**
 * Add to a text everything that another one has more. Nothing is taken out: where both have
 * different words in the same lines, the lines of both are kept.
 *
 * @param {string} text
 * @param {string} other
 */
export function withMissing(text, other) {
  const [own, others] = [lines(text), lines(other)];
  /** @type {string[][]} */
  const all = [];
  let position = 0;
  for (const { start, end, newStart, newEnd } of diff(own, others)) {
    all.push(own.slice(position, start));
    all.push(united(own.slice(start, end), others.slice(newStart, newEnd)));
    position = end;
  }
  return joined([...all, own.slice(position)].flat());
}

/** Whether a text has everything that another one has. @param {string} text @param {string} other */
export function hasAll(text, other) {
  return withMissing(text, other) === text;
}

/**
 * Lines that stand in the same place: from both ends one of two while it has all words of both, and
 * between them the lines of both.
 *
 * @param {string[]} own
 * @param {string[]} others
 */
function united(own, others) {
  const head = fullerLines(own, others);
  const [restOwn, restOthers] = [own.slice(head.length), others.slice(head.length)];
  const tail = fullerLines([...restOwn].reverse(), [...restOthers].reverse()).reverse();
  const [ownEnd, othersEnd] = [restOwn.length - tail.length, restOthers.length - tail.length];
  return [...head, ...restOwn.slice(0, ownEnd), ...restOthers.slice(0, othersEnd), ...tail];
}

/** As many lines from the start as have a fuller one. @param {string[]} own @param {string[]} others */
function fullerLines(own, others) {
  /** @type {string[]} */
  const found = [];
  for (const [index, line] of own.entries()) {
    const full = fuller(line, others[index]);
    if (full === null) break;
    found.push(full);
  }
  return found;
}

/**
 * The one of two lines that has all words of both.
 *
 * @param {string} own
 * @param {string | undefined} other
 */
function fuller(own, other) {
  if (other === undefined) return null;
  const [before, after] = [words(own), words(other)];
  const changes = diff(before, after);
  if (changes.every((it) => isBlank(after.slice(it.newStart, it.newEnd)))) return own;
  return changes.every((it) => isBlank(before.slice(it.start, it.end))) ? other : null;
}

/** @param {string[]} parts */
function isBlank(parts) {
  return parts.join('').trim() === '';
}

/** @param {string[]} parts lines, of which more than the last may have no line end */
function joined(parts) {
  return parts
    .map((line, index) => (index === parts.length - 1 || line.endsWith('\n') ? line : `${line}\n`))
    .join('');
}
