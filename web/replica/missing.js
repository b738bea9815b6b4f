// Merge two texts without a common ancestor, by addition only. Pure.

import { diff, lines, words } from '../text/diff.js';

/**
 * Add to a text everything that only the other one has. Nothing is removed: where lines differ in
 * their words, both are kept.
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
    all.push(combined(own.slice(start, end), others.slice(newStart, newEnd)));
    position = end;
  }
  return joined([...all, own.slice(position)].flat());
}

/** Whether a text contains everything in the other one. @param {string} text @param {string} other */
export function hasAll(text, other) {
  return withMissing(text, other) === text;
}

/**
 * The lines of both at one place. From each end, as long as one of two lines has all words of both,
 * that one; between them, the lines of both.
 *
 * @param {string[]} own
 * @param {string[]} others
 */
function combined(own, others) {
  const head = fullerLines(own, others);
  const [restOwn, restOthers] = [own.slice(head.length), others.slice(head.length)];
  const tail = fullerLines([...restOwn].reverse(), [...restOthers].reverse()).reverse();
  const [ownEnd, othersEnd] = [restOwn.length - tail.length, restOthers.length - tail.length];
  return [...head, ...restOwn.slice(0, ownEnd), ...restOthers.slice(0, othersEnd), ...tail];
}

/** The fuller line of each pair, from the start until neither is. @param {string[]} own @param {string[]} others */
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
 * The one of two lines that has all words of both, or null.
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

/** @param {string[]} parts lines, any of which may lack its line break */
function joined(parts) {
  return parts
    .map((line, index) => (index === parts.length - 1 || line.endsWith('\n') ? line : `${line}\n`))
    .join('');
}
