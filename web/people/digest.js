// Others' edits as sentences for screen readers: "Bo added 12 words at line 14." Updates are
// collected, because a single keystroke is no news; sentences come at most every 15 seconds, and only
// while the user is not typing. Pure: the time comes from the caller.
//
// Words are counted around each change, from space to space, before and after it: so the sum over
// many small updates is right, even if a word is typed in several of them.

import { pointsIn } from '../text/points.js';
import { say } from '../text/say.js';
import { inUnits, mapPosition } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {object} Update
 * @property {string} who the names of its authors
 * @property {readonly Splice[]} splices in code points of `before`
 * @property {string} before the text before the update
 */
/** @typedef {{added: number, removed: number, places: number[]}} Contribution added, removed: words; places: in code points */

const EVERY_MS = 15_000;
const IDLE_MS = 2_000;
const NAMED_MAX = 3;
const PLACES_MAX = 100;
const SPACE = /\s/;

export class Digest {
  /** @type {Map<string, Contribution>} */
  #contributions = new Map();
  #saidMs = Number.NEGATIVE_INFINITY;

  /** @param {Update} update */
  add({ who, splices, before }) {
    for (const contribution of this.#contributions.values()) {
      contribution.places = contribution.places.map((place) => mapPosition(splices, place));
    }
    const contribution = this.#contributions.get(who) ?? { added: 0, removed: 0, places: [] };
    for (const splice of inUnits(before, splices)) {
      const words = wordsAdded(before, splice);
      contribution.added += Math.max(0, words);
      contribution.removed += Math.max(0, -words);
    }
    const places = splices.flatMap((splice) => ends(splice, splices));
    contribution.places = [...contribution.places, ...places].slice(-PLACES_MAX);
    this.#contributions.set(who, contribution);
  }

  /**
   * The sentences about the updates since the last call that returned some, or '' if none are due.
   *
   * @param {number} nowMs
   * @param {number} typedMs when the user last typed
   * @param {string} text the current one, with all updates
   */
  take(nowMs, typedMs, text) {
    const isDue = nowMs - this.#saidMs >= EVERY_MS && nowMs - typedMs >= IDLE_MS;
    if (!isDue || this.#contributions.size === 0) return '';
    this.#saidMs = nowMs;
    const named = [...this.#contributions].slice(0, NAMED_MAX);
    const sentences = named.map(([who, contribution]) => sentenceOf(who, contribution, text));
    const others = this.#contributions.size - named.length;
    if (others > 0)
      sentences.push(say('othersEdited', { others: say('others', { count: others }) }));
    this.#contributions.clear();
    return sentences.join(' ');
  }

  /** Drop the collected updates. */
  clear() {
    this.#contributions.clear();
  }
}

/**
 * The start and end of a splice's insertion, in the text after all splices.
 *
 * @param {Splice} splice
 * @param {readonly Splice[]} all
 */
function ends([start, , inserted], all) {
  const place = mapPosition(all, start);
  const end = place + pointsIn(inserted.trimEnd());
  return [Math.min(end, place + inserted.length - inserted.trimStart().length), end];
}

/** The change in the number of words. @param {string} text @param {Splice} splice in offsets */
function wordsAdded(text, [start, deleted, inserted]) {
  let from = start;
  while (from > 0 && !SPACE.test(text.charAt(from - 1))) from--;
  let to = start + deleted;
  while (to < text.length && !SPACE.test(text.charAt(to))) to++;
  const after = text.slice(from, start) + inserted + text.slice(start + deleted, to);
  return wordsIn(after) - wordsIn(text.slice(from, to));
}

/** @param {string} text */
function wordsIn(text) {
  return text.split(/\s+/).filter(Boolean).length;
}

/** @param {string} who @param {Contribution} contribution @param {string} text */
function sentenceOf(who, { added, removed, places }, text) {
  const first = lineAt(text, Math.min(...places));
  const last = lineAt(text, Math.max(...places));
  const where = first === last ? say('onLine', { line: first }) : say('lineRange', { first, last });
  const what = { who, where, words: say('words', { count: added || removed }), removed };
  if (added > 0 && removed > 0) return say('addedAndRemoved', what);
  if (added > 0) return say('addedWords', what);
  return say(removed > 0 ? 'removedWords' : 'changedLines', what);
}

/** @param {string} text @param {number} position */
function lineAt(text, position) {
  const [offset] = inUnits(text, [[Math.min(position, pointsIn(text)), 0, '']])[0] ?? [0];
  return text.slice(0, offset).split('\n').length;
}
