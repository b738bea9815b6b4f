// The button for the parked conflicts, with their number. The content of its panel is loaded when it is
// opened.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';

/** @typedef {import('./parked.js').ParkedView} ParkedView */

export class ParkedLink {
  #document;
  #listener;
  #count = 0;
  /** @type {Promise<ParkedView> | null} */
  #view = null;
  #button = byId('parked-button', HTMLButtonElement);
  #panel = byId('parked', HTMLElement);
  #again = byId('parked-again', HTMLButtonElement);

  /** @param {string} document @param {import('./parked.js').ParkedListener} listener */
  constructor(document, listener) {
    this.#document = document;
    this.#listener = listener;
    this.#panel.addEventListener('toggle', () => {
      if (!this.#isOpen) return;
      listener.opened();
      this.#load();
    });
    this.#again.onclick = () => this.#load();
  }

  /** Show the server's count. @param {number} count */
  show(count) {
    if (count === this.#count) return;
    this.#count = count;
    this.#button.hidden = count === 0;
    this.#button.textContent = say('unresolved', { count });
    if (this.#isOpen) this.#load();
  }

  get #isOpen() {
    return this.#panel.matches(':popover-open');
  }

  async #load() {
    try {
      this.#view ??= import('../conflict/parked.js').then(
        (it) => new it.ParkedView(this.#document, this.#listener),
      );
      await (await this.#view).load();
    } catch {
      this.#view = null;
      byId('parked-note', HTMLElement).textContent = say('loadFailed');
      this.#again.hidden = false;
    }
  }
}
