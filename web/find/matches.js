// The matches in a text and which of them is the current one. They follow the text as it changes, until
// it is searched again. Pure; offsets are UTF-16.

import { diffSplicesInUnits } from '../text/diff_splices.js';
import { lengthInUnits, mapPosition } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {import('./search.js').Found} Found */
/** @typedef {{start: number, end: number}} Stretch */

const NONE = { starts: new Uint32Array(), ends: new Uint32Array() };

export class Matches {
  #text = '';
  /** @type {Found} */
  #found = NONE;
  /** @type {Stretch} the current match, or where to look for the next */
  #place = { start: 0, end: 0 };

  get count() {
    return this.#found.starts.length;
  }

  /** The number of the current match, from 0; -1 if there is none. */
  get index() {
    const { start, end } = this.#place;
    const index = this.#from(start);
    const { starts, ends } = this.#found;
    return starts[index] === start && ends[index] === end ? index : -1;
  }

  /** @returns {Stretch | null} */
  get current() {
    return this.index < 0 ? null : this.#place;
  }

  /** Look for the next match from here. @param {number} offset */
  startAt(offset) {
    this.#place = { start: offset, end: offset };
  }

  /** Adopt a changed text. @param {string} text @returns {boolean} whether it has changed */
  follow(text) {
    if (text === this.#text) return false;
    const splices = diffSplicesInUnits(this.#text, text);
    this.#found = followed(this.#found, splices);
    const { start, end } = this.#place;
    this.#place.start = mapPosition(splices, start, true, lengthInUnits);
    this.#place.end = Math.max(this.#place.start, mapPosition(splices, end, false, lengthInUnits));
    this.#text = text;
    return true;
  }

  /** Adopt the matches. @param {Found} found @param {string} text in which they were found, perhaps older */
  found(found, text) {
    const splices = text === this.#text ? [] : diffSplicesInUnits(text, this.#text);
    this.#found = followed(found, splices);
  }

  clear() {
    this.#found = NONE;
  }

  /** Make the first match at or behind the place the current one, or the first of all. */
  choose() {
    if (this.count > 0) this.#choose(this.#from(this.#place.start));
  }

  /** Go to the next match or the one before, around the ends of the text. @param {1 | -1} by */
  step(by) {
    if (this.count === 0) return;
    const isThere = this.index >= 0;
    this.#choose(this.#from(this.#place.start) + (by < 0 ? -1 : Number(isThere)));
  }

  /** @param {number} index */
  #choose(index) {
    const { starts, ends } = this.#found;
    const at = (index + this.count) % this.count;
    this.#place = { start: Number(starts[at]), end: Number(ends[at]) };
  }

  /** The matches that touch a part of the text, those that touch each other as one. @param {Stretch} part */
  within({ start, end }) {
    const { starts, ends } = this.#found;
    /** @type {Stretch[]} */
    const stretches = [];
    for (let at = Math.max(0, this.#from(start) - 1); at < this.count; at++) {
      const match = { start: Number(starts[at]), end: Number(ends[at]) };
      const last = stretches.at(-1);
      if (match.start > end) break;
      if (match.end < start) continue;
      if (last && last.end === match.start && match.end > match.start) last.end = match.end;
      else stretches.push(match);
    }
    return stretches;
  }

  /** The number of the first match that starts at an offset or behind it. @param {number} offset */
  #from(offset) {
    const { starts } = this.#found;
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(starts[middle]) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The matches that a change leaves as they are. @param {Found} found @param {readonly Splice[]} splices @returns {Found} */
function followed({ starts, ends }, splices) {
  if (splices.length === 0) return { starts, ends };
  const [newStarts, newEnds] = [new Uint32Array(starts.length), new Uint32Array(starts.length)];
  let [kept, next, shift] = [0, 0, 0];
  for (let index = 0; index < starts.length; index++) {
    const [start, end] = [Number(starts[index]), Number(ends[index])];
    let splice = splices[next];
    while (splice && splice[0] + splice[1] <= start) {
      shift += splice[2].length - splice[1];
      splice = splices[++next];
    }
    if (splice && splice[0] < end) continue;
    newStarts[kept] = start + shift;
    newEnds[kept++] = end + shift;
  }
  return { starts: newStarts.subarray(0, kept), ends: newEnds.subarray(0, kept) };
}
