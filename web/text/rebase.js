// Rebases two changes of the same text onto each other, if they do not overlap.
//
//         local               Nothing is decided here that could be a conflict: where both changed
//   text ------> typed        the same words, the result is null and the server merges (it knows
//    |             |          all the rules, and can open a conflict).
//    | remote      | remote'
//    v   local'    v
//  target -----> result       apply(target, local') === apply(typed, remote')

import { characterBefore, isBoundary, isWordCharacter } from './diff.js';
import { endingOf } from './endings.js';
import { cursorIn, pointsIn } from './points.js';
import { apply, inPoints, inUnits, mapPosition } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */
/**
 * @typedef {object} Reach a splice and the words around it; in offsets, unless noted
 * @property {Splice} splice as given, in code points
 * @property {number} start
 * @property {number} end
 * @property {number} from the start of the change itself
 * @property {number} to its end; for whole lines, the end of the next line's indentation
 * @property {boolean} isInside whether it is in the middle of a word
 * @property {boolean} isAlone whether whitespace separates it from its side's other changes
 * @property {boolean} isLines whether it inserts or deletes whole lines
 */
/** @typedef {(local: Reach, remote: Reach) => boolean} Test */

const WORD_LENGTH = 3;
// The characters of longer insertions are compared only in order.
const INSERTION_MAX = 1000;

/**
 * Rewrite both changes to apply after the other. Letters that both type at the same point are both
 * kept, the local ones to the left. The resulting text is that of merge/local_merge.py
 * (remote as ours, live): tests/vectors/rebase.json.
 *
 * @param {string} text the common base
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @returns {{local: Splice[], remote: Splice[]} | null} null if the server has to merge them
 */
export function rebase(text, local, remote) {
  const [ownLines, otherLines] = [wholeLines(text, local), wholeLines(text, remote)];
  /** @type {Test} */
  const isAllowed = (one, other) => areLetters(text, one, other) || areApart(one, other);
  if (overlapping(text, ownLines, otherLines, isWordCharacter, isAllowed).size > 0) return null;
  if (insertTheSame(ownLines, otherLines) || convertsLineEnds(text, [ownLines, otherLines]))
    return null;
  return {
    local: shifted(ownLines, otherLines, (other, start) => other < start),
    remote: shifted(otherLines, ownLines, (other, start) => other <= start),
  };
}

/** For runs of characters that must not be split at all. @param {string} character */
const isVisible = (character) => /\S/.test(character);

/**
 * Merge without conflicts: words changed by both are kept as the remote side has them, preceded by
 * the local ones. Nothing typed is lost.
 *
 * @param {string} text the common base
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 */
export function mergeKeepingAll(text, local, remote) {
  const both = overlapping(text, local, remote, isVisible, areSideBySide);
  const after = clusters(text, local).map(({ start, end, splices }) => {
    const isConflicting = splices.some((splice) => both.has(splice));
    if (!isConflicting) return splices.map((splice) => moved(splice, remote));
    const at = cursorIn(text).pointAt(start);
    const own = splices.map(
      ([from, deleted, put]) => /** @type {Splice} */ ([from - at, deleted, put]),
    );
    const written = apply(text.slice(start, end), own);
    const space = written && !/\s$/.test(written) ? ' ' : '';
    return [moved([at, 0, written + space], remote)];
  });
  return apply(apply(text, remote), after.flat());
}

/**
 * The local splices that have no place in the remote text: they change words that it changes or
 * lacks, or are in the middle of what it lacks. New words beside such words are not among them.
 *
 * @param {string} text the common base
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 */
export function displaced(text, local, remote) {
  const gone = inUnits(text, remote).map(([at, deleted]) => ({ start: at, end: at + deleted }));
  const changed = inUnits(text, remote).map((splice) => subject(text, splice));
  const subjects = inUnits(text, local).map((splice) => subject(text, splice));
  return local.filter((_, index) => {
    const { start, end } = /** @type {Subject} */ (subjects[index]);
    const others = start === end ? gone : changed;
    return others.some((other) => other.start < end && other.end > start);
  });
}

/** @typedef {{start: number, end: number}} Subject */

/**
 * The words that a splice changes; empty if it only adds new ones beside them.
 *
 * @param {string} text
 * @param {Splice} splice in offsets
 * @returns {Subject}
 */
function subject(text, [at, deleted, inserted]) {
  const end = at + deleted;
  const gone = text.slice(at, end);
  const joinsBefore = isVisible(gone.slice(0, 1)) || isVisible(inserted.slice(0, 1));
  const joinsAfter = isVisible(gone.slice(-1)) || isVisible(inserted.slice(-1));
  return {
    start: joinsBefore ? wordStart(text, at, isVisible) : at,
    end: joinsAfter ? wordEnd(text, end, isVisible) : end,
  };
}

/** @param {Splice} splice @param {readonly Splice[]} others @returns {Splice} */
function moved([start, deleted, inserted], others) {
  return [mapPosition(others, start), deleted, inserted];
}

/**
 * Group splices that change the same words.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function clusters(text, splices) {
  /** @type {{start: number, end: number, splices: Splice[]}[]} */
  const found = [];
  for (const { start, end, splice } of reaches(text, splices, isVisible)) {
    const last = found.at(-1);
    if (last && last.end >= start) {
      last.end = Math.max(last.end, end);
      last.splices.push(splice);
    } else {
      found.push({ start, end, splices: [splice] });
    }
  }
  return found;
}

/**
 * @param {readonly Splice[]} splices
 * @param {readonly Splice[]} others
 * @param {(otherStart: number, start: number) => boolean} isBefore
 * @returns {Splice[]}
 */
function shifted(splices, others, isBefore) {
  let shift = 0;
  let index = 0;
  return splices.map(([start, deleted, inserted]) => {
    for (let other = others[index]; other && isBefore(other[0], start); other = others[++index]) {
      shift += pointsIn(other[2]) - other[1];
    }
    return [start + shift, deleted, inserted];
  });
}

/**
 * The same change with whole lines: "\nnew" added at the end of a line is "new\n" before the next.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function wholeLines(text, splices) {
  const units = inUnits(text, splices);
  const whole = units.map((splice, index) => {
    const [start, deleted, inserted] = splice;
    const end = start + deleted;
    const lineEnd = /^\r?\n/.exec(inserted || text.slice(start, end))?.[0];
    if (!lineEnd || (deleted && inserted) || !text.startsWith(lineEnd, end)) return splice;
    const size = lineEnd.length;
    if (end + size >= (units[index + 1]?.[0] ?? text.length + 1)) return splice;
    const put = inserted && inserted.slice(size) + lineEnd;
    return /** @type {Splice} */ ([start + size, deleted, put]);
  });
  return inPoints(text, whole);
}

/**
 * The local splices that change the same words as a remote one.
 *
 * @param {string} text
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @param {(character: string) => boolean} isPart of a word
 * @param {Test} isAllowed whether two splices can both be applied nevertheless
 * @returns {Set<Splice>}
 */
function overlapping(text, local, remote, isPart, isAllowed) {
  /** @type {Set<Splice>} */
  const found = new Set();
  const others = reaches(text, remote, isPart);
  let first = 0;
  for (const own of reaches(text, local, isPart)) {
    while (first < others.length && /** @type {Reach} */ (others[first]).end < own.start) first++;
    for (let index = first; index < others.length; index++) {
      const other = /** @type {Reach} */ (others[index]);
      if (other.start > own.end) break;
      if (!isAllowed(own, other)) found.add(own.splice);
    }
  }
  return found;
}

/**
 * Whether both are insertions at the same point that can stand side by side: not in the middle of a
 * word, and neither the start of the other.
 *
 * @type {Test}
 */
function areSideBySide(
  { splice: [at, deleted, written], isInside },
  { splice: [otherAt, gone, text] },
) {
  const samePoint = at === otherAt && deleted === 0 && gone === 0;
  return samePoint && !isInside && !written.startsWith(text) && !text.startsWith(written);
}

/**
 * Whether both are letters typed at the same point of a line. Whole words there may conflict, lines
 * have their own order, and in an empty line each side gets a line: all that is for the server. Lines
 * added below the last one leave that line to whoever types in it.
 *
 * @param {string} text
 * @param {Reach} local
 * @param {Reach} remote
 */
function areLetters(text, local, remote) {
  if (!areSideBySide(local, remote) || !local.isAlone || !remote.isAlone) return false;
  const [own, other] = [local.splice[2], remote.splice[2]];
  const [before, after] = [text[local.from - 1] ?? '\n', text[local.from] ?? '\n'];
  const isEmptyLine = before === '\n' && /[\r\n]/.test(after);
  if (isEmptyLine || /[\r\n]/.test(own)) return false;
  if (/[\r\n]/.test(other)) return local.from === text.length && other.startsWith('\n');
  const isBehindWord = /\S/.test(before);
  const leavesWord = (/** @type {string} */ inserted) =>
    isBehindWord || !/\S/.test(after) ? isBehindWord && /^\s/.test(inserted) : /\S$/.test(inserted);
  if (leavesWord(own) !== leavesWord(other)) return false; // the one that continues the word is first
  return !(isMeaningful(own) && isMeaningful(other));
}

/**
 * Whether one inserts or deletes whole lines, and the other does not touch the lines beside them.
 *
 * @type {Test}
 */
function areApart(local, remote) {
  const arePure = [local, remote].every(({ splice: [, deleted, put] }) => !deleted || !put);
  const isBetween = local.to < remote.from || remote.to < local.from;
  return (local.isLines || remote.isLines) && arePure && isBetween;
}

/**
 * Whether both insert the same characters anywhere, in any order ("x |" and "| x" are one cell of a
 * table), or may have moved the same text.
 *
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 */
function insertTheSame(local, remote) {
  const bothDelete = [local, remote].every((side) => side.some(([, , put]) => !put));
  const others = new Set(remote.map(([, deleted, put]) => (deleted ? null : characters(put))));
  return local.some(
    ([, deleted, put]) =>
      !deleted && (bothDelete || isMeaningful(put)) && others.has(characters(put)),
  );
}

/** The visible characters, sorted. @param {string} put */
function characters(put) {
  return put.length > INSERTION_MAX ? put : [...put].filter(isVisible).sort().join('');
}

/** Whether a side changes the line endings. @param {string} text @param {readonly Splice[][]} sides */
function convertsLineEnds(text, sides) {
  const hasReturns = text.includes('\r') || sides.flat().some(([, , put]) => put.includes('\r'));
  return hasReturns && sides.some((side) => endingOf(apply(text, side)) !== endingOf(text));
}

/** Whether a text is more than the first letters of a word. @param {string} text */
function isMeaningful(text) {
  return /\p{N}/u.test(text) || (text.match(/\p{L}/gu) ?? []).length >= WORD_LENGTH;
}

/**
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @param {(character: string) => boolean} isPart
 * @returns {Reach[]}
 */
function reaches(text, splices, isPart) {
  const units = inUnits(text, splices);
  /** Whether whitespace lies between a splice and the next. @param {number} index */
  const isSetApart = (index) => {
    const [last, next] = [units[index], units[index + 1]];
    return !last || !next || /\s/.test(text.slice(last[0] + last[1], next[0]));
  };
  return units.map(([from, length, inserted], index) => {
    const splice = /** @type {Splice} */ (splices[index]);
    const end = from + length;
    const moving = inserted || text.slice(from, end);
    const isLines = moving.endsWith('\n') && (from === 0 || text[from - 1] === '\n');
    const to = isLines ? wordEnd(text, end, isIndentation) : end;
    return {
      splice,
      start: wordStart(text, from, isPart),
      end: wordEnd(text, to, isPart),
      from,
      to,
      isInside: wordStart(text, from, isPart) < from && end < wordEnd(text, end, isPart),
      isAlone: isSetApart(index - 1) && isSetApart(index),
      isLines,
    };
  });
}

/** @param {string} character */
const isIndentation = (character) => character === ' ' || character === '\t';

/** @param {string} text @param {number} offset @param {(character: string) => boolean} isPart */
function wordStart(text, offset, isPart) {
  while (offset > 0) {
    const character = characterBefore(text, offset);
    if (!isPart(character) && isBoundary(text, offset)) break;
    offset -= character.length;
  }
  return offset;
}

/** @param {string} text @param {number} offset @param {(character: string) => boolean} isPart */
function wordEnd(text, offset, isPart) {
  while (offset < text.length) {
    const character = String.fromCodePoint(/** @type {number} */ (text.codePointAt(offset)));
    if (!isPart(character) && isBoundary(text, offset)) break;
    offset += character.length;
  }
  return offset;
}
