// The two actions of the history that change the document: restoring a version, after a question, and
// bringing back one place. Both are edits by the user like any other, one step to undo.

import { diffSplices } from '../text/diff_splices.js';
import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';
import { bringingBack } from './bring_back.js';
import { textOf } from './files.js';
import { whenOf } from './titles.js';

/** @typedef {import('./versions.js').Version} Version */
/** @typedef {import('./history_link.js').Host} Host */
/** @typedef {{restored: () => void, failed: (problem: unknown) => void}} RestoringListener */

export class Restoring {
  #host;
  #listener;
  /** @type {Version | null} */
  #version = null;
  #dialog = byId('restore-version', HTMLDialogElement);

  /** @param {Host} host @param {RestoringListener} listener */
  constructor(host, listener) {
    this.#host = host;
    this.#listener = listener;
    byId('restore-now', HTMLButtonElement).onclick = () => this.#restore();
  }

  /** Ask whether to restore a version. @param {Version} version */
  ask(version) {
    this.#version = version;
    setText('restore-heading', say('restoreQuestion', { when: whenOf(version, Date.now()) }));
    this.#dialog.showModal();
  }

  /**
   * Bring back what was there before a change.
   *
   * @param {import('./changes.js').Change} change
   * @param {string} text the one that the change led to
   * @returns {boolean} false if the place has changed since, so that nothing was done
   */
  bringBack(change, text) {
    const splices = bringingBack(change, text, this.#host.text());
    if (splices) this.#host.change(splices);
    return splices !== null;
  }

  async #restore() {
    this.#dialog.close();
    const [host, version] = [this.#host, this.#version];
    if (!version) return;
    try {
      const text = await textOf(host.document, version.revision);
      host.change(diffSplices(host.text(), text), version.revision);
    } catch (problem) {
      this.#listener.failed(problem);
      return;
    }
    this.#listener.restored();
    const undo = { label: say('undo'), run: () => host.undo() };
    host.toast.show(say('restored', { when: whenOf(version, Date.now()) }), undo);
  }
}
