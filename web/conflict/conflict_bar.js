// The bar for an open conflict. It never takes the focus, and appears with a delay: many conflicts
// resolve themselves within a moment.

import { byId } from '../ui/dom.js';
import { linesOf } from './hunk_context.js';
import { conflicts, whoOf } from './wording.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/**
 * @typedef {{review: () => void, text: () => string,
 *   announce: (sentence: string) => void}} BarListener text: the user's current text
 */

const SHOWN_AFTER_MS = 1000;

export class ConflictBar {
  #listener;
  #bar = byId('conflict-bar', HTMLElement);
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {BarListener} listener */
  constructor(listener) {
    this.#listener = listener;
    byId('review', HTMLButtonElement).onclick = () => listener.review();
  }

  get isShown() {
    return !this.#bar.hidden;
  }

  /** @param {Conflict} conflict */
  show(conflict) {
    const isNew = this.#conflict === null;
    this.#conflict = conflict;
    if (this.isShown) this.#write(conflict);
    else if (isNew) this.#timer = setTimeout(() => this.#appear(), SHOWN_AFTER_MS);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#conflict = null;
    this.#bar.hidden = true;
  }

  #appear() {
    if (!this.#conflict) return;
    const [line] = this.#write(this.#conflict);
    this.#bar.hidden = false;
    const who = whoOf(this.#conflict);
    this.#listener.announce(
      `You and ${who} changed the same words on line ${line}. Press F8 to review.`,
    );
  }

  /** @param {Conflict} conflict @returns the lines of its hunks */
  #write(conflict) {
    const lines = linesOf(conflict, this.#listener.text());
    byId('conflict-who', HTMLElement).textContent =
      `You and ${whoOf(conflict)} changed the same words`;
    const where = lines.length > 1 ? conflicts(lines.length) : `line ${lines[0]}`;
    // The number of waiting edits is not shown: `waiting` counts only up to this message.
    byId('conflict-where', HTMLElement).textContent =
      ` (${where}). Both versions are safe. Other people’s edits appear once you decide.`;
    return lines;
  }
}
