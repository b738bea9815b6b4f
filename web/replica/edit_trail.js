// How the text here came from texts before it, letter by letter, as long as people only typed and
// deleted. Comparing two texts cannot tell that: whether a "b" before "b" was typed before or behind
// it, and so whose letter it is. Pure; positions are code points.

import { compose } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */

// The text that the server knows, the text that was sent to it, and one more.
const MARKS_MOST = 3;
// Of more than a moment's typing comparing tells enough, and takes less time than every key would.
const SPLICES_MOST = 200;
const LETTERS_MOST = 10_000;

export class EditTrail {
  /** @type {{text: string, splices: Splice[]}[]} the newest last */
  #marks = [];

  /** The trail begins here as well. @param {string} text the text now @param {readonly Splice[]} [splices] */
  mark(text, splices = []) {
    this.#marks = this.#marks.filter((mark) => mark.text !== text).slice(1 - MARKS_MOST);
    this.#marks.push({ text, splices: [...splices] });
  }

  /** The text changed. @param {readonly Splice[] | null} splices null: nobody knows how */
  step(splices) {
    if (splices === null) this.#marks = [];
    for (const mark of this.#marks) mark.splices = compose(mark.splices, splices ?? []);
    this.#marks = this.#marks.filter((mark) => isMoment(mark.splices));
  }

  /**
   * What was typed and deleted since a text, where it was.
   *
   * @param {string} text
   * @returns {readonly Splice[] | null} null: it is not known, or one thing was put for another
   */
  since(text) {
    const splices = this.#marks.find((mark) => mark.text === text)?.splices;
    return splices?.every(([, deleted, inserted]) => !deleted || !inserted) ? splices : null;
  }
}

/** @param {readonly Splice[]} splices */
function isMoment(splices) {
  const letters = splices.reduce(
    (sum, [, deleted, inserted]) => sum + deleted + inserted.length,
    0,
  );
  return splices.length <= SPLICES_MOST && letters <= LETTERS_MOST;
}
