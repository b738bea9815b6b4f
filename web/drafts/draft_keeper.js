// Keeps what is unsent as a draft for as long as it is: when it is written, and whose it is. Pure:
// drafts and clock come from outside.
//
//   changed ── 300 ms ──> write ── all acknowledged ──> remove
//
// A record has an owner, the page that may write it. Another page may take a record whose page
// seems to be gone, and send what is in it; should that page wake up after all, it finds out at
// its next write or check, and goes on as a new client. So no two pages ever are one client.

import { checkOf } from '../text/checksum.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/** @typedef {import('./drafts.js').Draft} Draft */
/**
 * @typedef {{change: (document: string, client: string,
 *     next: (found: Draft | undefined) => Draft | undefined) => Promise<Draft | undefined>,
 *   put: (draft: Draft) => Promise<void>}} Store
 */

const WRITE_AFTER_MS = 300;

export class DraftKeeper {
  #document;
  #page;
  #drafts;
  #clock;
  #listener;
  /** @type {unknown} */
  #timer = null;
  #isWriting = false;
  #isDue = false;
  /** @type {string | null} the client under which there may be a record of ours */
  #client = null;

  /**
   * @param {string} document
   * @param {string} page an id of this page's own
   * @param {{drafts: Store, clock: import('../replica/connection.js').Clock}} tools
   * @param {{work: () => Snapshot | null, taken: (rest: Snapshot | null) => void}} listener work: as
   *   it is now; taken: another page has what this one held, go on with `rest` as a new client
   */
  constructor(document, page, { drafts, clock }, listener) {
    this.#document = document;
    this.#page = page;
    this.#drafts = drafts;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Something may have to be kept, or no longer. */
  changed() {
    if (this.#timer !== null || (this.#client === null && !this.#isUnsent)) return;
    // What is acknowledged goes at once: it must not be offered to anybody.
    const afterMs = this.#isUnsent ? WRITE_AFTER_MS : 0;
    this.#timer = this.#clock.after(() => this.#write(), afterMs);
  }

  /** The page may be gone in a moment. */
  keepNow() {
    this.#stopWaiting();
    const draft = this.#draft();
    if (!draft) {
      if (this.#client !== null) this.#write();
      return;
    }
    this.#client = draft.client;
    this.#drafts.put(draft); // behind the write that may be under way: they keep their order
  }

  /** Go on as the client of an earlier page. @param {string} owner that page */
  async resume(owner) {
    // One that was never welcomed has no client: its record goes by the page.
    const client = this.#listener.work()?.client || owner;
    this.#client = client;
    const found = await this.#drafts.change(this.#document, client, (found) =>
      found?.owner === owner ? { ...found, owner: this.#page } : found,
    );
    if (found?.owner !== owner) this.#heed(client, found);
  }

  /** After sleep: whether another page thought that this one was gone. */
  async check() {
    const client = this.#client;
    if (client === null) return;
    this.#heed(client, await this.#drafts.change(this.#document, client, (found) => found));
  }

  /** The client belongs to another page now, and so does its record. */
  letGo() {
    this.#client = null;
  }

  get #isUnsent() {
    return isUnsent(this.#listener.work());
  }

  async #write() {
    this.#stopWaiting();
    if (this.#isWriting) {
      this.#isDue = true; // one at a time, and then the newest
      return;
    }
    this.#isWriting = true;
    do {
      this.#isDue = false;
      await this.#writeOnce();
    } while (this.#isDue);
    this.#isWriting = false;
  }

  async #writeOnce() {
    const [before, draft] = [this.#client, this.#draft()];
    this.#client = draft?.client ?? null;
    if (draft) this.#heed(draft.client, await this.#replace(draft.client, draft));
    if (before !== null && before !== draft?.client) await this.#replace(before, undefined);
  }

  /** @param {string} client @param {Draft | undefined} draft */
  #replace(client, draft) {
    return this.#drafts.change(this.#document, client, (found) =>
      found && found.owner !== this.#page ? found : draft,
    );
  }

  /** @param {string} client @param {Draft | undefined} found */
  #heed(client, found) {
    if (!found || found.owner === this.#page || this.#client !== client) return;
    this.#client = null;
    const snapshot = this.#listener.work();
    this.#listener.taken(snapshot && restOf(snapshot, found));
  }

  /** @returns {Draft | null} */
  #draft() {
    const snapshot = this.#listener.work();
    if (!snapshot || !isUnsent(snapshot)) return null;
    return {
      document: this.#document,
      client: snapshot.client || this.#page, // before the first welcome there is none
      owner: this.#page,
      timeMs: Date.now(),
      snapshot,
      check: null,
    };
  }

  #stopWaiting() {
    this.#clock.cancel(this.#timer);
    this.#timer = null;
  }
}

/**
 * Whether something in it may not have reached the server.
 *
 * @param {Snapshot | null} snapshot
 */
export function isUnsent(snapshot) {
  if (!snapshot) return false;
  const { known, local, sent } = snapshot;
  // What was never in the editor is a decision about text that is on a branch already.
  return local !== known.text || (sent !== null && !sent.isApart);
}

/**
 * The same text for a new client, which sends it on the base it was typed on.
 *
 * @param {Snapshot} snapshot
 * @returns {Snapshot}
 */
export function forked(snapshot) {
  return { ...snapshot, client: '', key: '', seq: 0, sent: null };
}

/**
 * What is in the machine's hands; unlike its own snapshot also before there is a client.
 *
 * @param {import('../replica/replica.js').Replica} replica
 * @returns {Snapshot | null}
 */
export function snapshotOf(replica) {
  const { known, local } = replica;
  if (local === '') return replica.snapshot();
  return replica.snapshot() ?? { client: '', key: '', seq: 0, known, local, sent: null };
}

/** What another page has not sent already. @param {Snapshot} snapshot @param {Draft} found */
function restOf(snapshot, found) {
  const isDone = !found.snapshot && found.check === checkOf(snapshot.local);
  return isDone ? null : forked(snapshot);
}
