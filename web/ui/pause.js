// The button that pauses incoming edits, for users whom a moving text distracts: it counts the
// waiting edits, and shows them on demand. The user's own edits are still sent.

import { byId, setText } from './dom.js';

/** @typedef {{paused: (isPaused: boolean) => void, announce: (sentence: string) => void}} PauseListener */

export class Pause {
  #listener;
  #button = byId('pause', HTMLButtonElement);
  #isPaused = false;
  #waiting = 0;

  /** @param {PauseListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#button.onclick = () => this.#toggle();
  }

  /** Count an edit that arrived. */
  updateReceived() {
    if (!this.#isPaused) return;
    this.#waiting++;
    this.#show();
  }

  #toggle() {
    this.#isPaused = !this.#isPaused;
    this.#listener.announce(
      this.#isPaused ? 'Incoming edits paused. Yours are still sent.' : 'Incoming edits resumed.',
    );
    this.#waiting = 0;
    this.#show();
    this.#listener.paused(this.#isPaused);
  }

  #show() {
    this.#button.classList.toggle('active', this.#isPaused);
    this.#button.title = this.#isPaused ? 'Show incoming edits' : 'Pause incoming edits';
    setText('pause-label', this.#isPaused ? 'Resume' : 'Pause');
    setText('pause-count', this.#waiting > 0 ? ` (${this.#waiting})` : '');
  }
}
