// The lines of a text: which one an offset is in, and where each starts. Pure; after a change only what
// is new is counted. Offsets are UTF-16, line breaks LF, lines count from 1.

import { Blocks } from './blocks.js';
import { newlinesIn } from './newlines.js';

export class LineIndex {
  /** @type {Blocks<number>} the newlines in each */
  #blocks = new Blocks();

  /** @param {string} text */
  update(text) {
    this.#blocks.of(text, newlinesIn);
  }

  /** The number of lines, without an empty one at the end. */
  get count() {
    const newlines = this.#blocks.all.reduce((sum, { value }) => sum + Number(value), 0);
    return Math.max(1, newlines + Number(!this.#blocks.text.endsWith('\n')));
  }

  /** @param {number} offset */
  lineAt(offset) {
    let [line, end] = [1, 0];
    for (const { length, value } of this.#blocks.all) {
      if (end + length > offset) return line + newlinesIn(this.#blocks.text.slice(end, offset));
      [line, end] = [line + Number(value), end + length];
    }
    return line;
  }

  /** The offset of its first character, or null if there is no such line. @param {number} line */
  startOf(line) {
    if (line < 1) return null;
    const { text } = this.#blocks;
    let [at, end] = [1, 0];
    for (const { length, value } of this.#blocks.all) {
      if (at + Number(value) >= line) {
        for (; at < line; at++) end = text.indexOf('\n', end) + 1;
        return end;
      }
      [at, end] = [at + Number(value), end + length];
    }
    return null;
  }

  /** Behind its last character, before the line break. @param {number} start of the line */
  endOf(start) {
    const { text } = this.#blocks;
    const newline = text.indexOf('\n', start);
    return newline < 0 ? text.length : newline;
  }
}
