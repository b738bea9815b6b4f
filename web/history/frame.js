// The place of the history on the page: over the text, which cannot be reached meanwhile. Its banner
// and its note, the keys, and the way back to the text.

import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';
import { latinKey } from '../ui/keys.js';

/**
 * @typedef {{step: (steps: number) => void, undo: () => void, closed: () => void}} FrameListener step: go
 *   to a change after or before the current one
 */

const COVERED = '#notice, main, #find, #tools, #ask-name, body > footer';

export class Frame {
  #listener;
  #meanwhile = 0;
  #isOpenedHere = false; // so that going back leads to the text
  #section = byId('past', HTMLElement);
  #menu = byId('menu', HTMLElement);
  #undo = byId('past-undo', HTMLButtonElement);

  /** @param {FrameListener} listener */
  constructor(listener) {
    this.#listener = listener;
    byId('past-close', HTMLButtonElement).onclick = () => this.leave();
    this.#undo.onclick = () => {
      listener.undo();
      this.tell(say('undone'));
    };
    // A link to the address that is shown already changes nothing.
    this.#menu.addEventListener('click', ({ target }) => {
      if (/** @type {Element} */ (target).closest('a')) this.#menu.hidePopover();
    });
    addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** Cover the text, unless it is covered. @param {boolean} isOpenedHere whether the page showed the text before */
  open(isOpenedHere) {
    this.#menu.hidePopover();
    if (!this.#section.hidden) return;
    this.#isOpenedHere = isOpenedHere;
    this.#section.hidden = false;
    this.#cover(true);
    this.#meanwhile = 0;
    setText('past-meanwhile', '');
    this.title(say('history'));
    this.tell(say('loading'));
    byId('past-text', HTMLElement).focus();
  }

  /** Show the text again. */
  close() {
    if (this.#section.hidden) return;
    byId('versions', HTMLElement).hidePopover();
    this.#section.hidden = true;
    this.#cover(false);
    this.#listener.closed();
  }

  /** Go back to the text. */
  leave() {
    if (this.#isOpenedHere) {
      history.back();
    } else {
      history.replaceState(null, '', location.pathname);
      this.close();
    }
  }

  /** Say in the banner what is shown. @param {string} title */
  title(title) {
    setText('past-title', title);
  }

  /** Show a note above the text. @param {string} sentence '' for none @param {boolean} [canUndo] */
  tell(sentence, canUndo = false) {
    setText('past-note-text', sentence);
    this.#undo.hidden = !canUndo;
  }

  /** Count a change by others: it is in the document, and not shown here. */
  updateReceived() {
    this.#meanwhile++;
    setText('past-meanwhile', say('meanwhile', { count: this.#meanwhile }));
  }

  /** @param {boolean} isCovered */
  #cover(isCovered) {
    for (const element of document.querySelectorAll(COVERED))
      element.toggleAttribute('inert', isCovered);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const isPlain = !event.defaultPrevented && !event.ctrlKey && !event.altKey && !event.metaKey;
    const isElsewhere = document.querySelector('dialog:modal, :popover-open');
    if (this.#section.hidden || !isPlain || isElsewhere) return;
    const step = { n: 1, p: -1 }[latinKey(event)];
    if (event.key === 'Escape') {
      event.preventDefault();
      this.leave();
    } else if (step && !(event.target instanceof HTMLSelectElement)) {
      event.preventDefault();
      this.#listener.step(step);
    }
  }
}
