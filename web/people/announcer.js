// What is said aloud by screen readers, through the one polite live region of the page.

import { byId } from '../ui/dom.js';
import { Digest } from './digest.js';

/** @typedef {import('../ui/settings_store.js').Values['announcements']} Level */

/** Said once, also when it is the same sentence again. @param {string} text */
export function say(text) {
  const region = byId('announcement', HTMLElement);
  region.textContent = '';
  // Not the next frame: a window that is not in front gets none.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}

/** What happens without the user's doing, as much of it as the user wants to hear. */
export class Announcer {
  #level;
  #clock;
  #digest = new Digest();
  #typedMs = Number.NEGATIVE_INFINITY;

  /** @param {() => Level} level @param {import('../replica/connection.js').Clock} clock */
  constructor(level, clock) {
    this.#level = level;
    this.#clock = clock;
  }

  /** Something important. @param {string} text */
  tell(text) {
    if (this.#level() !== 'off') say(text);
  }

  /** Others wrote something. @param {import('./digest.js').Update} update */
  wrote(update) {
    if (this.#level() === 'all') this.#digest.add(update);
  }

  /** The user is busy. */
  typed() {
    this.#typedMs = this.#clock.now();
  }

  /** Now and then. @param {string} text as it is now */
  tick(text) {
    if (this.#level() !== 'all') {
      this.#digest.clear();
      return;
    }
    const sentences = this.#digest.take(this.#clock.now(), this.#typedMs, text);
    if (sentences) say(sentences);
  }
}
