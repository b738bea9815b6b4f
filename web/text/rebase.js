// Two changes of one text that do not touch: each as it is after the other.
//
//         local               Here nothing is decided that a person might see otherwise: where
//   text ------> typed        both changed the same words, the answer is null and the server
//    |             |          merges (it knows all the rules, and can ask).
//    | remote      | remote'
//    v   local'    v
//  target -----> result       apply(target, local') === apply(typed, remote')

import { characterBefore, isBoundary, isWordCharacter } from './diff.js';
import { endingOf } from './endings.js';
import { apply, inPoints, inUnits, mapPosition, pointAt, pointsIn } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */
/**
 * @typedef {object} Reach a splice and the words it is in; all in offsets
 * @property {Splice} splice as it was given, in code points
 * @property {number} start
 * @property {number} end
 * @property {number} from where the change itself starts
 * @property {number} to where it ends; for whole lines, behind the next line's indentation
 * @property {boolean} isInside whether it stands in the middle of a word
 * @property {boolean} isAlone whether a blank sets it apart from its side's other changes
 * @property {boolean} isLines whether whole lines come or go
 */
/** @typedef {(mine: Reach, other: Reach) => boolean} Test */

const WORD_LENGTH = 3;
// Of a longer insertion the letters are not compared in another order.
const INSERTION_MOST = 1000;

/**
 * Both changes, each against the text after the other. Letters that both type at one point are both
 * kept, the local ones to the left. The text is the one that `merge_nearby` in merge/nearby.py gives
 * (remote as ours, live): tests/vectors/rebase.json.
 *
 * @param {string} text what both start from
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @returns {{local: Splice[], remote: Splice[]} | null} null: the server has to merge them
 */
export function rebase(text, local, remote) {
  const [mine, others] = [wholeLines(text, local), wholeLines(text, remote)];
  /** @type {Test} */
  const isPlain = (one, other) => areLetters(text, one, other) || areApart(one, other);
  if (touched(text, mine, others, isWordCharacter, isPlain).size > 0) return null;
  if (sayTheSame(mine, others) || convertsLineEnds(text, [mine, others])) return null;
  return {
    local: shifted(mine, others, (other, start) => other < start),
    remote: shifted(others, mine, (other, start) => other <= start),
  };
}

/** For when nothing of a run of characters may be torn. @param {string} character */
const isSeen = (character) => /\S/.test(character);

/**
 * The merged text where there is nobody to ask: words changed by both are kept as the other side
 * has them, with what was written here in front of them. Nothing typed is lost.
 *
 * @param {string} text what both start from
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 */
export function mergeKeepingAll(text, local, remote) {
  const both = touched(text, local, remote, isSeen, areSideBySide);
  const after = clusters(text, local).map(({ start, end, splices }) => {
    const isDisputed = splices.some((splice) => both.has(splice));
    if (!isDisputed) return splices.map((splice) => moved(splice, remote));
    const at = pointAt(text, start);
    const own = splices.map(
      ([from, deleted, put]) => /** @type {Splice} */ ([from - at, deleted, put]),
    );
    const written = apply(text.slice(start, end), own);
    const blank = written && !/\s$/.test(written) ? ' ' : '';
    return [moved([at, 0, written + blank], remote)];
  });
  return apply(apply(text, remote), after.flat());
}

/**
 * The local splices that have no place in the remote text: they are about words that it changes or
 * lacks, or stand in the middle of what it lacks. New words beside such words are not among them.
 *
 * @param {string} text what both start from
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
 * The words that a splice is about; nothing if it only puts new ones beside them.
 *
 * @param {string} text
 * @param {Splice} splice in offsets
 * @returns {Subject}
 */
function subject(text, [at, deleted, inserted]) {
  const end = at + deleted;
  const gone = text.slice(at, end);
  const goesOn = isSeen(gone.slice(0, 1)) || isSeen(inserted.slice(0, 1));
  const leadsOn = isSeen(gone.slice(-1)) || isSeen(inserted.slice(-1));
  return {
    start: goesOn ? wordStart(text, at, isSeen) : at,
    end: leadsOn ? wordEnd(text, end, isSeen) : end,
  };
}

/** @param {Splice} splice @param {readonly Splice[]} others @returns {Splice} */
function moved([start, deleted, inserted], others) {
  return [mapPosition(others, start), deleted, inserted];
}

/**
 * Splices that are in the same words, together.
 *
 * @param {string} text
 * @param {readonly Splice[]} splices
 */
function clusters(text, splices) {
  /** @type {{start: number, end: number, splices: Splice[]}[]} */
  const found = [];
  for (const { start, end, splice } of reaches(text, splices, isSeen)) {
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
 * The same change; "\nnew" put behind a line is "new\n" put before the next one.
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
 * The local splices that are in the same words as a remote one.
 *
 * @param {string} text
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @param {(character: string) => boolean} isPart of a word
 * @param {Test} isPlain whether two that meet can both be carried out nevertheless
 * @returns {Set<Splice>}
 */
function touched(text, local, remote, isPart, isPlain) {
  /** @type {Set<Splice>} */
  const found = new Set();
  const remotes = reaches(text, remote, isPart);
  let first = 0;
  for (const mine of reaches(text, local, isPart)) {
    while (first < remotes.length && /** @type {Reach} */ (remotes[first]).end < mine.start)
      first++;
    for (let index = first; index < remotes.length; index++) {
      const other = /** @type {Reach} */ (remotes[index]);
      if (other.start > mine.end) break;
      if (!isPlain(mine, other)) found.add(mine.splice);
    }
  }
  return found;
}

/**
 * Pure insertions at one point, which may stand next to each other unless they are in the middle
 * of a word or one may be the other.
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
 * Letters that two people type at one point of a line. Whole words there are a question, lines have
 * an order of their own, and who begins an empty line gets one: all that is for the server. What
 * comes below the text's last line leaves that line to whoever types in it.
 *
 * @param {string} text
 * @param {Reach} mine
 * @param {Reach} other
 */
function areLetters(text, mine, other) {
  if (!areSideBySide(mine, other) || !mine.isAlone || !other.isAlone) return false;
  const [written, theirs] = [mine.splice[2], other.splice[2]];
  const [before, after] = [text[mine.from - 1] ?? '\n', text[mine.from] ?? '\n'];
  const isEmptyLine = before === '\n' && /[\r\n]/.test(after);
  if (isEmptyLine || /[\r\n]/.test(written)) return false;
  if (/[\r\n]/.test(theirs)) return mine.from === text.length && theirs.startsWith('\n');
  const isBehindWord = /\S/.test(before);
  const leavesWord = (/** @type {string} */ put) =>
    isBehindWord || !/\S/.test(after) ? isBehindWord && /^\s/.test(put) : /\S$/.test(put);
  if (leavesWord(written) !== leavesWord(theirs)) return false; // who goes on with it comes first
  return !(saysSomething(written) && saysSomething(theirs));
}

/**
 * Lines that come or go, and what comes or goes in the line behind them.
 *
 * @type {Test}
 */
function areApart(mine, other) {
  const arePure = [mine, other].every(({ splice: [, deleted, put] }) => !deleted || !put);
  const isBetween = mine.to < other.from || other.to < mine.from;
  return (mine.isLines || other.isLines) && arePure && isBetween;
}

/**
 * Whether both put the same letters somewhere, in whatever order ("x |" and "| x" are one cell of a
 * table), or may have moved them.
 *
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 */
function sayTheSame(local, remote) {
  const haveTaken = [local, remote].every((side) => side.some(([, , put]) => !put));
  const theirs = new Set(remote.map(([, deleted, put]) => (deleted ? null : letters(put))));
  return local.some(
    ([, deleted, put]) => !deleted && (haveTaken || saysSomething(put)) && theirs.has(letters(put)),
  );
}

/** @param {string} put */
function letters(put) {
  return put.length > INSERTION_MOST ? put : [...put].filter(isSeen).sort().join('');
}

/** Whether a side has other line ends than the text. @param {string} text @param {readonly Splice[][]} sides */
function convertsLineEnds(text, sides) {
  const hasReturns = text.includes('\r') || sides.flat().some(([, , put]) => put.includes('\r'));
  return hasReturns && sides.some((side) => endingOf(apply(text, side)) !== endingOf(text));
}

/** Whether it is more than letters on their way to a word. @param {string} text */
function saysSomething(text) {
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
  /** Whether a blank lies between a splice and the next. @param {number} index */
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
