// One hunk for each line of a conflict: two disputed words of one line are one question, because
// answered apart they would make a line that nobody wrote. Pure.

import { pointsIn } from '../text/points.js';
import { inUnits } from '../text/splices.js';

/** @typedef {import('./protocol.js').Hunk} Hunk */

/**
 * The conflict with the hunks of one line joined, and what both agree on between them.
 *
 * @template {{text: string, hunks: Hunk[]}} T
 * @param {T} conflict
 * @returns {T}
 */
export function joined(conflict) {
  const { text, hunks } = conflict;
  if (hunks.length < 2) return conflict;
  const ends = inUnits(
    text,
    hunks.map(({ start, end }) => [start, end - start, '']),
  );
  /** @type {Hunk[]} */
  const lines = [];
  hunks.forEach((hunk, index) => {
    const [before, last] = [hunks[index - 1], lines.at(-1)];
    const from = (ends[index - 1]?.[0] ?? 0) + (ends[index - 1]?.[1] ?? 0);
    const between = text.slice(from, ends[index]?.[0]);
    if (before && last && isOneLine(before, between)) {
      lines[lines.length - 1] = join(last, between, hunk);
    } else lines.push(hunk);
  });
  return { ...conflict, hunks: lines };
}

/** @param {Hunk} hunk @param {string} after the text between it and the next hunk */
function isOneLine({ ours, theirs }, after) {
  return !after.includes('\n') && !ours.endsWith('\n') && !theirs.endsWith('\n');
}

/** @param {Hunk} one @param {string} between @param {Hunk} other @returns {Hunk} */
function join(one, between, other) {
  return {
    start: one.start,
    end: other.end,
    base: one.base + between + other.base,
    ours: one.ours + between + other.ours,
    theirs: one.theirs + between + other.theirs,
    base_lines: joinLines(one.base_lines, other.base_lines),
  };
}

/** @param {Hunk['base_lines']} one @param {Hunk['base_lines']} other @returns {Hunk['base_lines']} */
function joinLines(one, other) {
  if (!one || !other) return undefined;
  if (one.text === other.text) return { ...one, end: other.end };
  if (one.text.includes('…') || other.text.includes('…')) {
    // Two places of a long line, each cut around its own words.
    const text = `${wordsOf(one)} … ${wordsOf(other)}`;
    return { text, start: 0, end: pointsIn(text) };
  }
  const shift = pointsIn(one.text) + 1;
  return { text: `${one.text}\n${other.text}`, start: one.start, end: shift + other.end };
}

/** @param {import('./protocol.js').BaseLines} lines */
function wordsOf({ text, start, end }) {
  return [...text].slice(start, end).join('');
}
