// One sentence about what was just done, with a button to undo it. It has its own row below the
// text, so that it covers nothing, and stays while it has the pointer or the focus.

import { byId, set } from './dom.js';

const SHOWN_MS = 15_000;

/** @typedef {{label: string, run: () => void}} Action */

export class Toast {
  #row = byId('toast', HTMLElement);
  #text = byId('toast-text', HTMLElement);
  #button = byId('toast-action', HTMLButtonElement);
  /** @type {Action | undefined} */
  #action;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} focusEditor called when the focus was in the toast */
  constructor(focusEditor) {
    const leave = () => {
      this.hide();
      focusEditor();
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

  /** Hide the button: the action is no longer possible. */
  withdraw() {
    set(this.#button, 'hidden', true);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#row.classList.remove('shown');
    this.#text.textContent = '';
  }

  #hideUnlessUsed() {
    if (this.#row.matches(':hover, :focus-within')) this.#hideLater();
    else this.hide();
  }

  #hideLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hideUnlessUsed(), SHOWN_MS);
  }
}
