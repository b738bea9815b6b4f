// Keeps unsent text as a draft until it is sent: decides when to write it, and checks who owns it.
// Pure: drafts and clock are injected.
//
//   changed ── 300 ms, unsent all the time ──> write ── all acknowledged ──> remove
//
// A record has an owner, the page that may write it. Another page may claim the record of a page
// that seems to be gone, and send its text. If that page wakes up after all, it notices at its next
// write or check, and continues as a new client. So two pages are never the same client.

import { checkOf } from '../text/checksum.js';
import { dropCopyOf } from './draft_copy.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/** @typedef {import('./drafts.js').Draft} Draft */
/**
 * @typedef {{change: (document: string, client: string,
 *     next: (found: Draft | undefined) => Draft | undefined) => Promise<Draft | undefined>,
 *   put: (draft: Draft) => Promise<void>}} Store
 */

const WRITE_AFTER_MS = 300;
// A large text takes longer to write.
const LARGE = 300_000;

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
  /** @type {string | null} the client that may have a record owned by this page */
  #client = null;

  /**
   * @param {string} document
   * @param {string} page the id of this page
   * @param {{drafts: Store, clock: import('../replica/connection.js').Clock}} tools
   * @param {{snapshot: () => Snapshot | null, claimedElsewhere: (rest: Snapshot | null) => void}} listener
   *   snapshot: the current one; claimedElsewhere: another page has claimed the client; `rest` is the
   *   text that a new client has to send
   */
  constructor(document, page, { drafts, clock }, listener) {
    this.#document = document;
    this.#page = page;
    this.#drafts = drafts;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The snapshot has changed: a draft may have to be written, or removed. */
  changed() {
    const snapshot = this.#listener.snapshot();
    const afterMs = isUnsent(snapshot)
      ? WRITE_AFTER_MS * (snapshot.local.length < LARGE ? 1 : 3)
      : 0;
    // Remove an acknowledged draft at once: it must not be offered to the user.
    if (afterMs === 0) this.#stopWaiting();
    if (this.#timer !== null || (this.#client === null && afterMs === 0)) return;
    this.#timer = this.#clock.after(() => this.#write(), afterMs);
  }

  /** Write at once: the page may be about to unload. */
  saveNow() {
    this.#stopWaiting();
    const draft = this.#draft();
    if (!draft) {
      if (this.#client !== null) this.#write();
      return;
    }
    const before = this.#client;
    this.#client = draft.client;
    this.#drafts.put(draft); // after a pending write: they keep their order
    if (before !== null && before !== draft.client) this.#replace(before, undefined);
  }

  /** Continue as the client of an earlier page. @param {string} owner that page */
  async resume(owner) {
    // A page that was never welcomed has no client: its record is named after the page.
    const client = this.#listener.snapshot()?.client || owner;
    this.#client = client;
    const found = await this.#drafts.change(this.#document, client, (found) =>
      found?.owner === owner ? { ...found, owner: this.#page } : found,
    );
    if (found?.owner !== owner) this.#compareOwner(client, found);
  }

  /** After sleep, check whether another page has claimed the record. */
  async checkOwner() {
    const client = this.#client;
    if (client === null) return;
    this.#compareOwner(client, await this.#drafts.change(this.#document, client, (found) => found));
  }

  /** Give up the record, which belongs to another page along with the client. */
  release() {
    this.#client = null;
  }

  /** Give up the unsent text, too. @returns {Draft | null} it, with an owner that is no page */
  giveUp() {
    this.#stopWaiting();
    const [draft, before, nobody] = [this.#draft(), this.#client, `${this.#page}.gone`];
    this.#client = null;
    const client = draft?.snapshot?.client || nobody;
    if (before !== null && before !== client) this.#replace(before, undefined);
    return draft && { ...draft, client, owner: nobody };
  }

  async #write() {
    this.#stopWaiting();
    if (this.#isWriting) {
      this.#isDue = true; // one write at a time; the next one writes the newest state
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
    if (draft) this.#compareOwner(draft.client, await this.#replace(draft.client, draft));
    if (before !== null && before !== draft?.client) await this.#replace(before, undefined);
  }

  /** @param {string} client @param {Draft | undefined} draft */
  #replace(client, draft) {
    if (!draft) dropCopyOf(this.#document, client);
    return this.#drafts.change(this.#document, client, (found) =>
      found && found.owner !== this.#page ? found : draft,
    );
  }

  /** @param {string} client @param {Draft | undefined} found */
  #compareOwner(client, found) {
    if (!found || found.owner === this.#page || this.#client !== client) return;
    this.#client = null;
    const snapshot = this.#listener.snapshot();
    this.#listener.claimedElsewhere(snapshot && unsentRest(snapshot, found));
  }

  /** @returns {Draft | null} */
  #draft() {
    const snapshot = this.#listener.snapshot();
    if (!isUnsent(snapshot)) return null;
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
 * Whether a snapshot has edits that may not have reached the server.
 *
 * @param {Snapshot | null} snapshot
 * @returns {snapshot is Snapshot}
 */
export function isUnsent(snapshot) {
  if (!snapshot) return false;
  const { known, local, sent } = snapshot;
  // A submission that the editor never showed is a decision about text that is already on a branch.
  return local !== known.text || (sent !== null && !sent.isApart);
}

/**
 * The snapshot for a new client, which sends the text on the base it was typed on.
 *
 * @param {Snapshot} snapshot
 * @returns {Snapshot}
 */
export function asNewClient(snapshot) {
  return { ...snapshot, client: '', key: '', seq: 0, sent: null };
}

/** The snapshot for a new client with a text of the server. @param {import('../replica/working_copy.js').Known} known @returns {Snapshot} */
export function newClientAt(known) {
  return { client: '', key: '', seq: 0, known, local: known.text, sent: null };
}

/**
 * A snapshot of the replica that, unlike its own, includes text typed before the first welcome.
 *
 * @param {import('../replica/replica.js').Replica} replica
 * @returns {Snapshot | null}
 */
export function snapshotOf(replica) {
  const { known, local } = replica;
  if (local === '') return replica.snapshot();
  return replica.snapshot() ?? { client: '', key: '', seq: 0, known, local, sent: null };
}

/** The text that the other page has not sent. @param {Snapshot} snapshot @param {Draft} found */
function unsentRest(snapshot, found) {
  const isDone = !found.snapshot && found.check === checkOf(snapshot.local);
  return isDone ? null : asNewClient(snapshot);
}
