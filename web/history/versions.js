// The versions of a document as far as they are loaded, the newest first; the rest is loaded when it
// is needed. No DOM.

/**
 * @typedef {{name: string, client?: string, email?: string}} Author
 * @typedef {Author & {added: number, removed: number}} Contribution in words
 * @typedef {{id: string, revision: string, began: number, time: number,
 *   kind: 'edits' | 'push' | 'file' | 'restore', subject: string, steps: number,
 *   authors: Contribution[], name: string, slug: string, note: string, restores?: string}} Version
 *   began, time: of the first and the last step, in seconds since the epoch; name: '' if nobody gave it
 *   one; restores: the revision whose text it brought back
 * @typedef {{versions: Version[], revision: string, more: boolean, complete: boolean}} VersionPage
 *   complete: false while the server still makes versions of older changes
 */

/** The id of the newest version while people write in it. */
export const OPEN = 'open';
/** The newest revision, of whichever version. */
export const NOW = 'now';
/** The empty text before the first version. */
export const START = 'start';

const PAGE = 50;
// Older ones are still reached by scrolling.
const SEARCHED_PAGES_MAX = 40;

export class Versions {
  #load;
  /** @type {Version[]} */
  #all = [];
  #hasMore = false;
  #isComplete = true;
  #revision = '';
  /** @type {Promise<void> | null} */
  #loading = null;

  /** @param {(limit: number, before?: string) => Promise<VersionPage>} load a page of versions, before one */
  constructor(load) {
    this.#load = load;
  }

  /** Those that are loaded, the newest first. */
  get all() {
    return /** @type {readonly Version[]} */ (this.#all);
  }
  get hasMore() {
    return this.#hasMore;
  }
  /** Whether all changes are in versions by now. */
  get isComplete() {
    return this.#isComplete;
  }
  /** The newest revision. */
  get revision() {
    return this.#revision;
  }

  /** Load the newest ones anew. */
  async reload() {
    const { versions, revision, more, complete } = await this.#load(PAGE);
    [this.#all, this.#revision, this.#hasMore] = [versions, revision, more];
    this.#isComplete = complete;
  }

  /** Load older ones, if there are any. */
  async loadMore() {
    this.#loading ??= this.#loadPage().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  /** The loaded version with this id, slug or revision, or null. @param {string} reference */
  loaded(reference) {
    const isIt = (/** @type {Version} */ { id, slug, revision }) =>
      [id, slug, revision].includes(reference);
    return this.#all.find(isIt) ?? null;
  }

  /** The same for all versions: older ones are loaded until it is found. @param {string} reference */
  async find(reference) {
    for (let page = 0; page < SEARCHED_PAGES_MAX; page++) {
      const found = this.loaded(reference);
      if (found || !this.#hasMore) return found;
      await this.loadMore();
    }
    return null;
  }

  /** The version before one, or null for the first. @param {Version} version */
  async before(version) {
    const index = this.#all.indexOf(version);
    if (index === this.#all.length - 1) await this.loadMore();
    return this.#all[index + 1] ?? null;
  }

  async #loadPage() {
    const last = this.#all.at(-1);
    if (!this.#hasMore || !last) return;
    const { versions, more } = await this.#load(PAGE, last.id);
    this.#all.push(...versions);
    this.#hasMore = more && versions.length > 0;
  }
}
