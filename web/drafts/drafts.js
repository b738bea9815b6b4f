// Unsent text where a crash does not reach it: one record for each client of a document, in
// IndexedDB (what is written to localStorage right before a browser is killed is lost).
//
// Nothing here throws. Storage may be switched off, full or blocked; `isKeeping` tells, so that
// nobody is promised anything.

/**
 * @typedef {{document: string, client: string, owner: string, timeMs: number,
 *   snapshot: import('../replica/replica.js').Snapshot | null, check: number | null, isLost?: boolean}} Draft
 *   owner: the page that may write here; snapshot null: the text was dealt with by another page than
 *   the one it was typed in, and `check` is the text's; isLost: the server had it and lost it
 */

const DATABASE = 'gollabedit';
const VERSION = 1;
const STORE = 'drafts';
// A browser that does not answer for this long keeps nothing, as far as the user is concerned.
const ANSWER_MOST_MS = 5_000;
const FINISHED_KEPT_MS = 90 * 24 * 3600 * 1000;

export class Drafts {
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;
  /** @type {IDBDatabase | null} */
  #database = null;
  #isKeeping = true;
  #changed;

  /** @param {() => void} [changed] `isKeeping` is another */
  constructor(changed = () => {}) {
    this.#changed = changed;
    this.#open().catch(() => {}); // early: a page on its way out cannot wait for it
  }

  /** Whether what is written now is kept, also if the page is closed the next moment. */
  get isReady() {
    return this.#database !== null && this.#isKeeping;
  }

  /** Whether the last write went well; true also before the first. */
  get isKeeping() {
    return this.#isKeeping;
  }

  /**
   * Look at a record and put another in its place, with nobody in between.
   *
   * @param {string} document
   * @param {string} client
   * @param {(found: Draft | undefined) => Draft | undefined} next what shall be there
   * @returns {Promise<Draft | undefined>} what was there
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
   * Write without a look, for a page that may be gone before a look has an answer. What other
   * writes are under way comes before it. @param {Draft} draft
   */
  async put(draft) {
    await this.#write((drafts) => {
      drafts.put(draft);
      drafts.transaction.commit(); // which else waits for the page to hear of the put
    });
  }

  /** All of a document, the oldest first. @param {string} document @returns {Promise<Draft[]>} */
  async of(document) {
    /** @type {Draft[]} */
    const all = (await this.#read((drafts) => drafts.getAll(rangeOf(document)))) ?? [];
    for (const { client, snapshot, timeMs } of all) {
      const isOver = !snapshot && timeMs < Date.now() - FINISHED_KEPT_MS;
      if (isOver) this.change(document, client, (found) => (found?.snapshot ? found : undefined));
    }
    return all.sort((a, b) => a.timeMs - b.timeMs);
  }

  // IndexedDB

  /**
   * @template T
   * @param {(drafts: IDBObjectStore, resolve: (result: T) => void) => void} action
   * @returns {Promise<T | undefined>}
   */
  async #write(action) {
    const timer = setTimeout(() => this.#keeps(false), ANSWER_MOST_MS);
    try {
      // Not a turn later where it can be helped: the page may be on its way out.
      const database = this.#database ?? (await this.#open());
      const result = await this.#inTransaction(database, action);
      this.#keeps(true);
      return result;
    } catch {
      this.#keeps(false);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @template T
   * @param {IDBDatabase} database
   * @param {(drafts: IDBObjectStore, resolve: (result: T) => void) => void} action
   * @returns {Promise<T | undefined>} when it is durable
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

  /** Once; again only after a failure. */
  #open() {
    this.#opening ??= this.#opened().catch((problem) => {
      this.#opening = null;
      this.#keeps(false);
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
    // A newer page wants another form of it; and a browser may take it away.
    database.onversionchange = () => database.close();
    database.onclose = () => {
      this.#database = this.#opening = null;
    };
    this.#database = database;
    return database;
  }

  /** @param {boolean} isKeeping */
  #keeps(isKeeping) {
    if (isKeeping === this.#isKeeping) return;
    this.#isKeeping = isKeeping;
    this.#changed();
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
