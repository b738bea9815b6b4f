// One sentence about what was just done, with a way to take it back. It has a row of its own below
// the text, so that it covers nothing, and stays while somebody is at it.

import { byId } from './dom.js';

const STAYS_MS = 15_000;

/** @typedef {{label: string, run: () => void}} Action */

export class Toast {
  #row = byId('toast', HTMLElement);
  #text = byId('toast-text', HTMLElement);
  #button = byId('toast-action', HTMLButtonElement);
  /** @type {Action | undefined} */
  #action;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} left the focus has nowhere to be any more */
  constructor(left) {
    const leave = () => {
      this.hide();
      left();
    };
    this.#button.onclick = () => {
      const action = this.#action;
      leave();
      action?.run();
    };
    byId('toast-dismiss', HTMLButtonElement).onclick = leave;
    this.#row.onpointerenter = () => clearTimeout(this.#timer);
    this.#row.addEventListener('focusin', () => clearTimeout(this.#timer));
    this.#row.onpointerleave = () => this.#hideLater();
    this.#row.addEventListener('focusout', () => this.#hideLater());
  }

  /** @param {string} sentence @param {Action} [action] */
  show(sentence, action) {
    this.#action = action;
    this.#text.textContent = sentence;
    this.#button.textContent = action?.label ?? '';
    this.#button.hidden = !action;
    this.#row.classList.add('shown');
    this.#hideLater();
  }

  /** What is offered can no longer be done; what was said stays. */
  withdraw() {
    this.#button.hidden = true;
  }

  hide() {
    clearTimeout(this.#timer);
    this.#row.classList.remove('shown');
    this.#text.textContent = '';
  }

  #hideLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), STAYS_MS);
  }
}
