// Loads the script that shows the history, at an address with `#history`, and hands over to it. So the
// page loads no more than this for users who never look.

import { say } from '../text/say.js';

/** @typedef {import('./history.js').HistoryView} HistoryView */
/**
 * @typedef {object} Host what the history needs of the page
 * @property {string} document its name
 * @property {() => string} text the current one, in the editor
 * @property {() => boolean} isViewOnly
 * @property {() => string | undefined} looked the revision that this browser showed last
 * @property {(splices: readonly import('../text/splices.js').Splice[], restores?: string) => void} change
 *   edit the text as the user, in one step; restores: the revision whose text it brings back
 * @property {() => void} undo
 * @property {() => import('../people/faces.js').Face[]} people those who are here, the user first
 * @property {import('../ui/toast.js').Toast} toast
 * @property {(sentence: string) => void} announce
 * @property {() => void} focusEditor
 */

export class HistoryLink {
  #host;
  /** @type {Promise<HistoryView> | null} */
  #view = null;

  /** @param {Host} host what the history needs of the page */
  constructor(host) {
    this.#host = host;
    addEventListener('hashchange', (event) => this.#follow(event.oldURL));
    this.#follow('');
  }

  /** Count a change by others, which the history does not show. */
  updateReceived() {
    this.#view?.then((view) => view.updateReceived());
  }

  /** @param {string} before the address until now */
  async #follow(before) {
    if (!this.#view && !location.hash.startsWith('#history')) return;
    try {
      this.#view ??= import('../history/history.js').then((it) => it.HistoryView.load(this.#host));
      await (await this.#view).follow(before);
    } catch (problem) {
      console.error(problem);
      this.#view = null;
      history.replaceState(null, '', location.pathname); // so that the link works again
      this.#host.toast.show(say('historyFailed'));
    }
  }
}
