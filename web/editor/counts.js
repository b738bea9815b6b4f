// The numbers of lines and words in the footer, counted with a delay instead of at every key.

import { say } from '../text/say.js';
import { setText } from '../ui/dom.js';

const AFTER_MS = 250;

export class Counts {
  #clock;
  #textOf;
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
    const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    const words = text.match(/\S+/g)?.length ?? 0;
    const [counted, ofLines] = [say('words', { count: words }), say('lines', { count: lines })];
    setText('counts', say('counts', { words: counted, lines: ofLines }));
  }
}
