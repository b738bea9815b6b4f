// The texts that were last seen of the recent documents, in IndexedDB: for a page that opens without
// a connection. Unsent text is not here but in web/drafts. At most 20 documents with ten million
// characters; the one that was seen longest ago goes first.
//
// Nothing here throws: where storage is switched off or full, nothing is kept.

/**
 * @typedef {object} Kept what is known of a text that is kept
 * @property {string} document
 * @property {string} title
 * @property {string} revision
 * @property {number} seenMs when the page last had the server's newest text
 * @property {string} owner for whom it is kept
 * @property {boolean} isViewOnly
 * @property {number} length of the text
 */
/** @typedef {Kept & {root: string}} Entry root: the path of the server, as several may have one host */

const DATABASE = 'gollabedit-texts';
const VERSION = 1;
const [ENTRIES, TEXTS] = ['entries', 'texts'];
export const DOCUMENTS_MAX = 20;
export const CHARACTERS_MAX = 10_000_000;

export class KeptTexts {
  #root;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /** @param {string} root the path of the start page */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} document @returns {Promise<Kept | undefined>} */
  async find(document) {
    return this.#do('readonly', ({ entries }) => entries.get(this.#key(document)));
  }

  /** @param {string} document @returns {Promise<string | undefined>} */
  async text(document) {
    return this.#do('readonly', ({ texts }) => texts.get(this.#key(document)));
  }

  /** All that is kept, the newest first. @returns {Promise<Kept[]>} */
  async all() {
    const found = await this.#do('readonly', ({ entries }) => entries.getAll(this.#range()));
    return newestFirst(found ?? []);
  }

  /** @param {Kept} kept @param {string | null} text null: the one that is there */
  async put(kept, text) {
    await this.#do('readwrite', ({ entries, texts }) => {
      if (text !== null) texts.put(text, this.#key(kept.document));
      entries.put({ ...kept, root: this.#root }, this.#key(kept.document));
      this.#drop(entries, texts, (all) => tooMany(all));
    });
  }

  /** @param {string} document */
  async forget(document) {
    await this.keepOnly((kept) => kept.document !== document);
  }

  async clear() {
    await this.keepOnly(() => false);
  }

  /** @param {(kept: Kept) => boolean} isKept */
  async keepOnly(isKept) {
    await this.#do('readwrite', ({ entries, texts }) => {
      this.#drop(entries, texts, (all) => all.filter((it) => !isKept(it)));
    });
  }

  /** @param {IDBObjectStore} entries @param {IDBObjectStore} texts @param {(all: Kept[]) => Kept[]} choose */
  #drop(entries, texts, choose) {
    const reading = entries.getAll(this.#range());
    reading.onsuccess = () => {
      for (const { document } of choose(reading.result)) {
        entries.delete(this.#key(document));
        texts.delete(this.#key(document));
      }
    };
  }

  /** @param {string} document */
  #key(document) {
    return [this.#root, document];
  }

  #range() {
    return IDBKeyRange.bound([this.#root], [this.#root, []]);
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(stores: {entries: IDBObjectStore, texts: IDBObjectStore}) => IDBRequest | void} action
   * @returns {Promise<any>} the result of its request, once it is durable
   */
  async #do(mode, action) {
    try {
      this.#opening ??= opened();
      const transaction = (await this.#opening).transaction([ENTRIES, TEXTS], mode);
      const request = action({
        entries: transaction.objectStore(ENTRIES),
        texts: transaction.objectStore(TEXTS),
      });
      return await new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve(request?.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } catch {
      this.#opening = null; // the browser may have closed it
      return undefined;
    }
  }
}

/** @template {Kept} T @param {T[]} all @returns {T[]} */
function newestFirst(all) {
  return all.sort((one, other) => other.seenMs - one.seenMs);
}

/** Those beyond the limits. @param {Kept[]} all */
export function tooMany(all) {
  let characters = 0;
  return newestFirst([...all]).filter(({ length }, index) => {
    characters += length;
    return index >= DOCUMENTS_MAX || characters > CHARACTERS_MAX;
  });
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      for (const store of [ENTRIES, TEXTS]) opening.result.createObjectStore(store);
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
  });
}
