// Drafts in memory, for tests: while held, changes wait until they are released, in order.

/** @typedef {import('../../web/drafts/drafts.js').Draft} Draft */

export class DraftStore {
  /** @type {Map<string, Draft>} */
  records = new Map();
  /** @type {(() => void)[]} */
  #waiting = [];
  isHeld = false;
  writes = 0;

  /**
   * @param {string} document
   * @param {string} client
   * @param {(found: Draft | undefined) => Draft | undefined} next
   * @returns {Promise<Draft | undefined>}
   */
  change(document, client, next) {
    return this.#soon(() => {
      const key = `${document}/${client}`;
      const found = this.records.get(key);
      const draft = next(found);
      if (draft === found) return found;
      this.writes++;
      if (draft) this.records.set(key, draft);
      else this.records.delete(key);
      return found;
    });
  }

  /** @param {Draft} draft @returns {Promise<void>} */
  put(draft) {
    return this.#soon(() => {
      this.writes++;
      this.records.set(`${draft.document}/${draft.client}`, draft);
    });
  }

  /** @param {string} client */
  of(client) {
    return this.records.get(`notes/${client}`);
  }

  /** Apply the waiting changes. */
  release() {
    this.isHeld = false;
    for (const action of this.#waiting.splice(0)) action();
  }

  /** @template T @param {() => T} action @returns {Promise<T>} */
  #soon(action) {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(action()));
      if (!this.isHeld) this.release();
    });
  }
}

/** Wait until all pending promises are settled. */
export async function settled() {
  for (let turn = 0; turn < 20; turn++) await null;
}
