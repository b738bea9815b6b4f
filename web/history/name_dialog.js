// The dialog that gives a version a name and a note, changes them, or removes the name.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { OPEN } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */
/**
 * @typedef {{renamed: (id: string, sentence: string) => Promise<void>, closed: () => void}} NameListener
 *   renamed: the version with this id; the sentence says how
 */

export class NameDialog {
  #api;
  #listener;
  /** @type {Version | null} */
  #version = null;
  #dialog = byId('name-version', HTMLDialogElement);
  #name = byId('version-name', HTMLInputElement);
  #note = byId('version-note', HTMLTextAreaElement);
  #problem = byId('version-problem', HTMLElement);

  /** @param {import('./history_api.js').HistoryApi} api @param {NameListener} listener */
  constructor(api, listener) {
    this.#api = api;
    this.#listener = listener;
    byId('cancel-version-name', HTMLButtonElement).onclick = () => this.#dialog.close();
    byId('remove-version-name', HTMLButtonElement).onclick = () =>
      this.#do((version) => this.#remove(version));
    byId('name-version-form', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault(); // it closes when the server has taken the name
      this.#do((version) => this.#save(version));
    };
  }

  /** @param {Version} version */
  open(version) {
    this.#version = version;
    const isNamed = version.name !== '';
    byId('name-version-heading', HTMLElement).textContent = say(
      isNamed ? 'editName' : 'nameVersion',
    );
    byId('remove-version-name', HTMLButtonElement).hidden = !isNamed;
    this.#name.value = version.name;
    this.#note.value = version.note;
    this.#problem.textContent = '';
    this.#dialog.showModal();
    this.#name.select();
  }

  /** @param {Version} version */
  async #save({ id: before, revision, slug }) {
    const [name, note] = [this.#name.value.trim(), this.#note.value.trim()];
    const { id } = slug
      ? await this.#api.rename(slug, name, note)
      : await this.#api.name(before === OPEN ? null : revision, name, note);
    await this.#listener.renamed(id, say('namedVersion', { name }));
  }

  /** @param {Version} version */
  async #remove({ id, slug, name }) {
    await this.#api.removeName(slug);
    await this.#listener.renamed(id, say('nameRemoved', { name }));
  }

  /** @param {(version: Version) => Promise<void>} action */
  async #do(action) {
    if (!this.#version) return;
    this.#problem.textContent = '';
    try {
      await action(this.#version);
      this.#dialog.close();
      this.#listener.closed(); // the button that opened it is gone
    } catch (problem) {
      this.#problem.textContent = /** @type {Error} */ (problem).message;
      this.#name.focus();
    }
  }
}
