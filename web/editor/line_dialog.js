// The dialog that goes to a line.

import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';
import { positionIn } from './line_address.js';

/** @typedef {{go: (line: number, column: number) => string | null, closed: () => void}} LineDialogListener go: what is wrong, or null if it has gone there */

export class LineDialog {
  #listener;
  #dialog = byId('go-to-line', HTMLDialogElement);
  #field = byId('line-field', HTMLInputElement);

  /** @param {LineDialogListener} listener */
  constructor(listener) {
    this.#listener = listener;
    byId('line-form', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#go();
    };
    byId('cancel-line', HTMLButtonElement).onclick = () => this.#dialog.close();
    this.#dialog.onclose = () => listener.closed();
    this.#field.oninput = () => this.#tell(null);
  }

  /** @param {number} line the current one @param {number} count of lines */
  open(line, count) {
    setText('line-hint', say('lineHint', { count }));
    this.#tell(null);
    this.#field.value = String(line);
    this.#dialog.showModal();
    this.#field.select();
  }

  #go() {
    const position = positionIn(this.#field.value);
    const problem = position
      ? this.#listener.go(position.line, position.column)
      : say('lineUnclear');
    this.#tell(problem);
    if (problem === null) this.#dialog.close();
  }

  /** @param {string | null} problem */
  #tell(problem) {
    setText('line-problem', problem ?? '');
    this.#field.ariaInvalid = problem === null ? null : 'true';
  }
}
