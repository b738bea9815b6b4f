// What others did, in sentences for those who listen: "Bo added 12 words at line 14." Updates are
// gathered, because one keystroke is no news; a sentence comes at most every 15 seconds, and only
// while the user does not type. Pure: it is told the time.
//
// Words are counted where they are changed, from one blank to the next, before and after: so the
// sum over many small updates is right, however a word was cut in pieces while it was typed.

import { inUnits, mapPosition, pointsIn } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {object} Update
 * @property {string} who the names of those whose update it is
 * @property {readonly Splice[]} splices as they arrived: in code points of `before`
 * @property {string} before the text that they change
 */
/** @typedef {{added: number, removed: number, places: number[]}} Share places in code points */

const EVERY_MS = 15_000;
const IDLE_MS = 2_000;
const NAMED_MOST = 3;
const PLACES_MOST = 100;
const BLANK = /\s/;

export class Digest {
  /** @type {Map<string, Share>} */
  #shares = new Map();
  #saidMs = Number.NEGATIVE_INFINITY;

  /** @param {Update} update */
  add({ who, splices, before }) {
    for (const share of this.#shares.values()) {
      share.places = share.places.map((place) => mapPosition(splices, place));
    }
    const share = this.#shares.get(who) ?? { added: 0, removed: 0, places: [] };
    for (const splice of inUnits(before, splices)) {
      const words = wordsAdded(before, splice);
      share.added += Math.max(0, words);
      share.removed += Math.max(0, -words);
    }
    const places = splices.flatMap((splice) => ends(splice, splices));
    share.places = [...share.places, ...places].slice(-PLACES_MOST);
    this.#shares.set(who, share);
  }

  /**
   * The sentences for what has come since the last ones, if it is time for them; else ''.
   *
   * @param {number} nowMs
   * @param {number} typedMs when the user typed last
   * @param {string} text as it is now, with all updates
   */
  take(nowMs, typedMs, text) {
    const isDue = nowMs - this.#saidMs >= EVERY_MS && nowMs - typedMs >= IDLE_MS;
    if (!isDue || this.#shares.size === 0) return '';
    this.#saidMs = nowMs;
    const named = [...this.#shares].slice(0, NAMED_MOST);
    const sentences = named.map(([who, share]) => `${who} ${deed(share)} ${lines(share, text)}.`);
    const others = this.#shares.size - named.length;
    if (others > 0)
      sentences.push(`${others} ${others === 1 ? 'other' : 'others'} made edits too.`);
    this.#shares.clear();
    return sentences.join(' ');
  }

  /** Forget what was not said: nobody wants to hear it. */
  clear() {
    this.#shares.clear();
  }
}

/**
 * Where what a splice inserts begins and ends, in the text after all of them.
 *
 * @param {Splice} splice
 * @param {readonly Splice[]} all
 */
function ends([start, , inserted], all) {
  const place = mapPosition(all, start);
  const end = place + pointsIn(inserted.trimEnd());
  return [Math.min(end, place + inserted.length - inserted.trimStart().length), end];
}

/** By how many words the text grows. @param {string} text @param {Splice} splice in offsets */
function wordsAdded(text, [start, deleted, inserted]) {
  let from = start;
  while (from > 0 && !BLANK.test(text.charAt(from - 1))) from--;
  let to = start + deleted;
  while (to < text.length && !BLANK.test(text.charAt(to))) to++;
  const after = text.slice(from, start) + inserted + text.slice(start + deleted, to);
  return wordsIn(after) - wordsIn(text.slice(from, to));
}

/** @param {string} text */
function wordsIn(text) {
  return text.split(/\s+/).filter(Boolean).length;
}

/** @param {Share} share */
function deed({ added, removed }) {
  if (added > 0 && removed > 0) return `added ${words(added)} and removed ${removed}, at`;
  if (added > 0) return `added ${words(added)} at`;
  return removed > 0 ? `removed ${words(removed)} at` : 'changed';
}

/** @param {number} count */
function words(count) {
  return count === 1 ? '1 word' : `${count} words`;
}

/** @param {Share} share @param {string} text */
function lines({ places }, text) {
  const first = lineAt(text, Math.min(...places));
  const last = lineAt(text, Math.max(...places));
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

/** @param {string} text @param {number} position */
function lineAt(text, position) {
  const [offset] = inUnits(text, [[Math.min(position, pointsIn(text)), 0, '']])[0] ?? [0];
  return text.slice(0, offset).split('\n').length;
}
