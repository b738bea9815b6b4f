// Unsent text in crash-safe storage: one record for each client of a document, in IndexedDB (what
// was written to localStorage right before a browser is killed is lost). A page that may be unloading
// leaves a copy there as well, until its last write is done.
//
// Nothing here throws. If storage is switched off, full or blocked, `isKeeping` is false.

import { copies, dropCopy, hasCopy, keepCopy } from './draft_copy.js';

/**
 * @typedef {{document: string, client: string, owner: string, timeMs: number,
 *   snapshot: import('../replica/replica.js').Snapshot | null, check: number | null, isLost?: boolean}} Draft
 *   owner: the page that may write the record; snapshot: null if another page than the one it was
 *   typed in has handled the text, whose checksum is `check`; isLost: whether the server had it and
 *   lost it
 */

const DATABASE = 'gollabedit';
const VERSION = 1;
const STORE = 'drafts';
// A browser that does not answer within this time counts as one that keeps nothing.
const ANSWER_MAX_MS = 5_000;
const FINISHED_KEPT_MS = 90 * 24 * 3600 * 1000;

export class Drafts {
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;
  /** @type {IDBDatabase | null} */
  #database = null;
  #isKeeping = true;
  #uncopied = 0; // writes of this moment without a copy, which are lost with the page
  #keepingChanged;

  /** @param {() => void} [keepingChanged] called when `isKeeping` has changed */
  constructor(keepingChanged = () => {}) {
    this.#keepingChanged = keepingChanged;
    this.#open().catch(() => {}); // early: a page that is being unloaded cannot wait for it
    this.#adoptCopies(() => true); // before this page continues from the one before
  }

  /** Whether what is written now is kept even if the page is closed immediately. */
  get isReady() {
    return this.#database !== null && this.#isKeeping && this.#uncopied === 0;
  }

  /** Whether the last write succeeded; true before the first. */
  get isKeeping() {
    return this.#isKeeping;
  }

  /**
   * Read a record and replace it, atomically.
   *
   * @param {string} document
   * @param {string} client
   * @param {(found: Draft | undefined) => Draft | undefined} next returns the new record
   * @returns {Promise<Draft | undefined>} the old record
   */
  change(document, client, next) {
    /** @type {(drafts: IDBObjectStore, resolve: (found: Draft | undefined) => void) => void} */
    const action = (drafts, resolve) => {
      const reading = drafts.get([document, client]);
      reading.onsuccess = () => {
        /** @type {Draft | undefined} */
        const found = reading.result;
        const draft = next(found);
        resolve(found);
        if (draft === found) return;
        if (draft) drafts.put(draft);
        else drafts.delete([document, client]);
      };
    };
    return this.#write(action);
  }

  /**
   * Write without reading first, for a page that may be gone before a read is answered. Writes keep
   * their order.
   *
   * @param {Draft} draft
   */
  async put(draft) {
    const isCopied = keepCopy(draft);
    if (!isCopied) this.#uncopied++;
    const isWritten = await this.#write((drafts, resolve) => {
      drafts.put(draft);
      drafts.transaction.commit(); // otherwise it waits until the page has handled the put
      resolve(true);
    });
    if (!isCopied) this.#uncopied--;
    if (isWritten) dropCopy(draft);
  }

  /** All drafts of a document, the oldest first. @param {string} document @returns {Promise<Draft[]>} */
  async of(document) {
    await this.#adoptCopies((copy) => copy.document === document);
    /** @type {Draft[]} */
    const all = (await this.#read((drafts) => drafts.getAll(rangeOf(document)))) ?? [];
    for (const { client, snapshot, timeMs } of all) {
      const isExpired = !snapshot && timeMs < Date.now() - FINISHED_KEPT_MS;
      if (isExpired)
        this.change(document, client, (found) => (found?.snapshot ? found : undefined));
    }
    return all.sort((a, b) => a.timeMs - b.timeMs);
  }

  /** The document `from` is called `to` now: so are its drafts. @param {string} from @param {string} to */
  async rename(from, to) {
    for (const draft of await this.of(from)) {
      // A page may have written under the new name since.
      await this.change(to, draft.client, (found) =>
        found && found.timeMs > draft.timeMs ? found : { ...draft, document: to },
      );
      await this.change(from, draft.client, (found) =>
        found?.timeMs === draft.timeMs ? undefined : found,
      );
    }
  }

  /** Write the drafts of pages that went before their last write was done. @param {(copy: Draft) => boolean} isWanted */
  async #adoptCopies(isWanted) {
    await Promise.all(
      copies()
        .filter(isWanted)
        .map((copy) => this.#adopt(copy)),
    );
  }

  /** @param {Draft} copy */
  async #adopt(copy) {
    // Its page may live, and may have written or sent it since.
    await this.change(copy.document, copy.client, (found) =>
      hasCopy(copy) && (!found || found.timeMs < copy.timeMs) ? copy : found,
    );
    if (this.#isKeeping) dropCopy(copy);
  }

  // IndexedDB

  /**
   * @template T
   * @param {(drafts: IDBObjectStore, resolve: (result: T) => void) => void} action
   * @returns {Promise<T | undefined>}
   */
  async #write(action) {
    const timer = setTimeout(() => this.#setKeeping(false), ANSWER_MAX_MS);
    try {
      // In this turn of the event loop if possible: the page may be about to unload.
      const database = this.#database ?? (await this.#open());
      const result = await this.#inTransaction(database, action);
      this.#setKeeping(true);
      return result;
    } catch {
      this.#setKeeping(false);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @template T
   * @param {IDBDatabase} database
   * @param {(drafts: IDBObjectStore, resolve: (result: T) => void) => void} action
   * @returns {Promise<T | undefined>} resolves once it is durable
   */
  #inTransaction(database, action) {
    return new Promise((resolve, reject) => {
      /** @type {T | undefined} */
      let result;
      const transaction = database.transaction(STORE, 'readwrite');
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      action(transaction.objectStore(STORE), (found) => {
        result = found;
      });
    });
  }

  /**
   * @template T
   * @param {(drafts: IDBObjectStore) => IDBRequest<T>} action
   * @returns {Promise<T | undefined>}
   */
  async #read(action) {
    try {
      const database = this.#database ?? (await this.#open());
      return await answer(action(database.transaction(STORE).objectStore(STORE)));
    } catch {
      return undefined;
    }
  }

  /** Open the database once, and again only after a failure. */
  #open() {
    this.#opening ??= this.#opened().catch((problem) => {
      this.#opening = null;
      this.#setKeeping(false);
      throw problem;
    });
    return this.#opening;
  }

  async #opened() {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE, { keyPath: ['document', 'client'] });
    };
    const database = await answer(opening);
    // A newer page may upgrade the database, and the browser may close it.
    database.onversionchange = () => database.close();
    database.onclose = () => {
      this.#database = this.#opening = null;
    };
    this.#database = database;
    return database;
  }

  /** @param {boolean} isKeeping */
  #setKeeping(isKeeping) {
    if (isKeeping === this.#isKeeping) return;
    this.#isKeeping = isKeeping;
    this.#keepingChanged();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} document */
function rangeOf(document) {
  return IDBKeyRange.bound([document], [document, []]);
}
