// Loads the preview when it is first opened.

import { say } from '../text/say.js';
import { previewLeft } from '../ui/storage.js';

/** @typedef {import('./preview.js').Preview} Preview */
/**
 * @typedef {import('../history/history_link.js').Host & {area: HTMLTextAreaElement}} PreviewHost what it
 *   needs of the page
 */

export class PreviewLink {
  #host;
  /** @type {Promise<Preview> | null} */
  #preview = null;

  /** @param {PreviewHost} host */
  constructor(host) {
    this.#host = host;
  }

  /** Show or hide the preview. */
  toggle() {
    this.#use((preview) => preview.toggle());
  }

  /** Show it if it was left open on this device: beside the text, and where the address names no place in it. */
  restore() {
    const hasRoom = matchMedia('(min-width: 46.01rem)').matches && !location.hash;
    if (previewLeft().isOpen && hasRoom) this.#use((preview) => preview.show());
  }

  /** @param {(preview: Preview) => void} action */
  async #use(action) {
    try {
      this.#preview ??= import('../preview/preview.js').then((it) => it.Preview.load(this.#host));
      action(await this.#preview);
    } catch {
      this.#preview = null; // for the next time
      this.#host.toast.show(say('loadFailed'));
    }
  }

  /** The text may have changed, or what the user may do. */
  changed() {
    this.#preview?.then(
      (preview) => preview.changed(),
      () => {},
    );
  }
}
