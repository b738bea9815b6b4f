// The button that holds back what others write, for those whom a moving text disturbs: it counts
// what waits, and shows it on demand. The user's own words are sent all the same.

import { byId, setText } from './dom.js';

/** @typedef {{paused: (isPaused: boolean) => void, said: (sentence: string) => void}} PauseListener */

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

  /** Something came that would be shown now. */
  heard() {
    if (!this.#isPaused) return;
    this.#waiting++;
    this.#show();
  }

  #toggle() {
    this.#isPaused = !this.#isPaused;
    this.#listener.said(
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
