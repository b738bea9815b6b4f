// The numbers of lines and words in the footer, counted with a delay instead of at every key.

import { Blocks } from '../text/blocks.js';
import { lines as linesOf } from '../text/diff.js';
import { say } from '../text/say.js';
import { setText } from '../ui/dom.js';

const AFTER_MS = 250;

export class Counts {
  #clock;
  #textOf;
  /** @type {Blocks<{words: number, lines: number}>} */
  #blocks = new Blocks();
  /** @type {string | null} */
  #counted = null;
  /** @type {unknown} */
  #timer = null;

  /** @param {() => string} textOf @param {import('../replica/connection.js').Clock} clock */
  constructor(textOf, clock) {
    this.#textOf = textOf;
    this.#clock = clock;
  }

  changed() {
    if (this.#timer !== null || this.#textOf() === this.#counted) return;
    this.#timer = this.#clock.after(() => this.#show(), AFTER_MS);
  }

  #show() {
    this.#timer = null;
    const text = this.#textOf();
    this.#counted = text;
    let [words, lines] = [0, 0];
    for (const part of this.#blocks.of(text, countsOf)) {
      words += part.words;
      lines += part.lines;
    }
    const [counted, ofLines] = [say('words', { count: words }), say('lines', { count: lines })];
    setText('counts', say('counts', { words: counted, lines: ofLines }));
  }
}

/** @param {string} text whole lines, or the end of the text */
function countsOf(text) {
  return {
    words: text.match(/\S+/g)?.length ?? 0,
    lines: linesOf(text).length,
  };
}
