// The edits that led from recent texts to the current one, as long as each only inserted or deleted.
// A diff cannot recover that: for "b" and "bb" it cannot tell which "b" is the new one, and so whose
// it is. Pure; positions are code points.

import { compose } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */

// The text that the server knows, the text sent to it, and one more.
const MARKS_MAX = 3;
// For more typing than this a diff is good enough, and cheaper than composing at every key.
const SPLICES_MAX = 200;
const CHARACTERS_MAX = 10_000;

export class EditTrail {
  /** @type {{text: string, splices: Splice[]}[]} the newest last */
  #marks = [];

  /** Remember a text to trace edits from. @param {string} text @param {readonly Splice[]} [splices] from there to the current text */
  mark(text, splices = []) {
    this.#marks = this.#marks.filter((mark) => mark.text !== text).slice(1 - MARKS_MAX);
    this.#marks.push({ text, splices: [...splices] });
  }

  /** Record a change of the text. @param {readonly Splice[] | null} splices null if unknown */
  step(splices) {
    if (splices === null) this.#marks = [];
    for (const mark of this.#marks) mark.splices = compose(mark.splices, splices ?? []);
    this.#marks = this.#marks.filter((mark) => isShort(mark.splices));
  }

  /**
   * The insertions and deletions since a text.
   *
   * @param {string} text
   * @returns {readonly Splice[] | null} null if unknown, or if something was replaced
   */
  since(text) {
    const splices = this.#marks.find((mark) => mark.text === text)?.splices;
    return splices?.every(([, deleted, inserted]) => !deleted || !inserted) ? splices : null;
  }
}

/** @param {readonly Splice[]} splices */
function isShort(splices) {
  const characters = splices.reduce(
    (sum, [, deleted, inserted]) => sum + deleted + inserted.length,
    0,
  );
  return splices.length <= SPLICES_MAX && characters <= CHARACTERS_MAX;
}
