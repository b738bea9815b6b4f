// Two changes of one text that do not touch: each as it is after the other.
//
//         local               Here nothing is decided that a person might see otherwise: where
//   text ------> typed        both changed the same words, the answer is null and the server
//    |             |          merges (it knows the whole rules, and can ask).
//    | remote      | remote'
//    v   local'    v
//  target -----> result       apply(target, local') === apply(typed, remote')

import { characterBefore, isWordCharacter } from './diff.js';
import { apply, inUnits, mapPosition, pointAt, pointsIn } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */
/** @typedef {{splice: Splice, start: number, end: number, isInside: boolean}} Reach a splice, the
 *   words it is in, and whether it stands in the middle of them */

/**
 * Both changes, each against the text after the other. Insertions at one point are both kept, the
 * local one to the left, as the server's merge keeps them.
 *
 * @param {string} text what both start from
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @returns {{local: Splice[], remote: Splice[]} | null} null: they touch the same words
 */
export function rebase(text, local, remote) {
  if (touched(text, local, remote, isWordCharacter).size > 0) return null;
  return {
    local: shifted(local, remote, (other, mine) => other < mine),
    remote: shifted(remote, local, (other, mine) => other <= mine),
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
  const both = touched(text, local, remote, isSeen);
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
export function uprooted(text, local, remote) {
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
 * The local splices that are in the same words as a remote one.
 *
 * @param {string} text
 * @param {readonly Splice[]} local
 * @param {readonly Splice[]} remote
 * @param {(character: string) => boolean} isPart of a word
 * @returns {Set<Splice>}
 */
function touched(text, local, remote, isPart) {
  /** @type {Set<Splice>} */
  const found = new Set();
  if (local.length === 0 || remote.length === 0) return found;
  const remotes = reaches(text, remote, isPart);
  let first = 0;
  for (const mine of reaches(text, local, isPart)) {
    while (first < remotes.length && /** @type {Reach} */ (remotes[first]).end < mine.start)
      first++;
    for (let index = first; index < remotes.length; index++) {
      const other = /** @type {Reach} */ (remotes[index]);
      if (other.start > mine.end) break;
      if (!areSideBySide(mine, other)) found.add(mine.splice);
    }
  }
  return found;
}

/**
 * Pure insertions at one point, which may stand next to each other unless they are in the middle
 * of a word or one may be the other.
 *
 * @param {Reach} mine
 * @param {Reach} other
 */
function areSideBySide(
  { splice: [at, deleted, written], isInside },
  { splice: [otherAt, gone, text] },
) {
  const samePoint = at === otherAt && deleted === 0 && gone === 0;
  return samePoint && !isInside && !written.startsWith(text) && !text.startsWith(written);
}

/**
 * @param {string} text
 * @param {readonly Splice[]} splices
 * @param {(character: string) => boolean} isPart
 * @returns {Reach[]}
 */
function reaches(text, splices, isPart) {
  return inUnits(text, splices).map(([from, length], index) => {
    const splice = /** @type {Splice} */ (splices[index]);
    const [start, end] = [wordStart(text, from, isPart), wordEnd(text, from + length, isPart)];
    return { splice, start, end, isInside: start < from && from + length < end };
  });
}

/** @param {string} text @param {number} offset @param {(character: string) => boolean} isPart */
function wordStart(text, offset, isPart) {
  while (offset > 0) {
    const character = characterBefore(text, offset);
    if (!isPart(character)) break;
    offset -= character.length;
  }
  return offset;
}

/** @param {string} text @param {number} offset @param {(character: string) => boolean} isPart */
function wordEnd(text, offset, isPart) {
  while (offset < text.length) {
    const character = String.fromCodePoint(/** @type {number} */ (text.codePointAt(offset)));
    if (!isPart(character)) break;
    offset += character.length;
  }
  return offset;
}
