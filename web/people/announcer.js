// Announcements to screen readers, through the one polite live region of the page. What says others'
// edits is loaded where the settings ask for it.

import { byId } from '../ui/dom.js';

/** @typedef {import('../ui/settings_store.js').Values['announcements']} Level */

/** Announce a sentence, even if it is the same as before. @param {string} text */
export function announce(text) {
  const region = byId('announcement', HTMLElement);
  region.textContent = '';
  // Not in the next frame: a window in the background gets none.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}

/** Announces events that the user did not cause, at the level chosen in the settings. */
export class Announcer {
  #level;
  #clock;
  /** @type {import('./digest.js').Digest | null} */
  #digest = null;
  /** @type {Promise<import('./digest.js').Digest> | null} */
  #loading = null;
  #typedMs = Number.NEGATIVE_INFINITY;

  /** @param {() => Level} level @param {import('../replica/connection.js').Clock} clock */
  constructor(level, clock) {
    this.#level = level;
    this.#clock = clock;
  }

  /** @param {string} text */
  announceImportant(text) {
    if (this.#level() !== 'off') announce(text);
  }

  /** Collect others' edits for a later announcement. @param {import('./digest.js').Update} update */
  collect(update) {
    if (this.#level() !== 'all') return;
    this.#loading ??= this.#load();
    this.#loading.then(
      (digest) => digest.add(update),
      () => {
        this.#loading = null; // for the next time
      },
    );
  }

  async #load() {
    const { Digest } = await import('../people/digest.js');
    this.#digest = new Digest();
    return this.#digest;
  }

  /** The user is typing: announce no digest now. */
  typed() {
    this.#typedMs = this.#clock.now();
  }

  /** Announce what is due; to be called about every second. @param {string} text the current one */
  tick(text) {
    if (this.#level() !== 'all') {
      this.#digest?.clear();
      return;
    }
    const sentences = this.#digest?.take(this.#clock.now(), this.#typedMs, text);
    if (sentences) announce(sentences);
  }
}
