// The playback of a version: its steps in the rhythm in which they were typed, but without the long
// pauses. Pure: the time that has passed comes from the caller.

import { piecesOf, spliced } from './pieces.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {{revision: string, time: number, author: number, splices: Splice[]}} Step time: in seconds since the epoch */

// A longer pause is cut. Times are whole seconds: the steps of one are spread over it.
const PAUSE_MAX_MS = 1000;

export class Playback {
  #text;
  #steps;
  #dueMs;
  #ms = 0;
  #at = 0;
  #pieces;
  #last = 0;

  /** @param {string} text the one before the first step @param {readonly Step[]} steps */
  constructor(text, steps) {
    this.#text = text;
    this.#steps = steps;
    this.#pieces = piecesOf(text);
    this.#dueMs = timesOf(steps);
  }

  /** The number of steps shown. */
  get at() {
    return this.#at;
  }
  get count() {
    return this.#steps.length;
  }
  get isAtEnd() {
    return this.#at === this.#steps.length;
  }
  /** The last step shown, or null at the start. */
  get step() {
    return this.#steps[this.#at - 1] ?? null;
  }
  get pieces() {
    return this.#pieces;
  }
  /** The index of the piece that changed last. */
  get last() {
    return this.#last;
  }

  /** Let time pass. @param {number} ms @returns {boolean} whether there is something new to show */
  advance(ms) {
    this.#ms += ms;
    const before = this.#at;
    while (!this.isAtEnd && (this.#dueMs[this.#at] ?? 0) <= this.#ms) this.#apply();
    return this.#at !== before;
  }

  /** Go to the moment after a number of steps. @param {number} count */
  seek(count) {
    if (count < this.#at) {
      this.#pieces = piecesOf(this.#text);
      this.#at = this.#last = 0;
    }
    while (this.#at < count && !this.isAtEnd) this.#apply();
    this.#ms = this.#dueMs[this.#at - 1] ?? 0;
  }

  #apply() {
    const { splices, author } = /** @type {Step} */ (this.#steps[this.#at]);
    const { pieces, last } = spliced(this.#pieces, splices, author);
    [this.#pieces, this.#last] = [pieces, last];
    this.#at++;
  }
}

/** When each step is shown, in milliseconds from the start. @param {readonly Step[]} steps @returns {number[]} */
function timesOf(steps) {
  /** @type {Map<number, number>} the number of steps in each second */
  const counts = new Map();
  for (const { time } of steps) counts.set(time, (counts.get(time) ?? 0) + 1);
  let [startMs, second, nth] = [0, steps[0]?.time ?? 0, 0];
  return steps.map(({ time }) => {
    if (time !== second) {
      startMs += Math.min(PAUSE_MAX_MS, (time - second) * 1000);
      [second, nth] = [time, 0];
    }
    return startMs + (nth++ * 1000) / (counts.get(time) ?? 1);
  });
}
