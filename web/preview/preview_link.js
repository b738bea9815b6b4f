// The way to the preview, which is loaded when it is first opened.

import { say } from '../text/say.js';

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
  async toggle() {
    try {
      this.#preview ??= import('../preview/preview.js').then((it) => it.Preview.load(this.#host));
      (await this.#preview).toggle();
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
