// The lifetime of a page as a client of a document: it claims the client of the page before it, and
// leaves its unsent text to the page after it. Combines drafts, tabs and the offer of drafts.

import { newName } from '../ui/new_name.js';
import { leaveSnapshot, takeSnapshot } from '../ui/storage.js';
import { asNewClient, DraftKeeper, isUnsent, snapshotOf } from './draft_keeper.js';
import { DraftOffer } from './draft_offer.js';
import { Drafts } from './drafts.js';
import { orphansOf } from './recovery.js';
import { channelOf, Tabs } from './tabs.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/**
 * @typedef {{clock: import('../replica/connection.js').Clock, connect: import('./recovery.js').Tools['connect']}} Tools
 * @typedef {{replica: () => import('../replica/replica.js').Replica, restartAs: (rest: Snapshot | null) => void,
 *   keepingChanged: () => void} & import('./draft_offer.js').OfferListener} LifetimeListener restartAs:
 *   continue as a new client, with an empty text if `rest` is null; keepingChanged: see `isKeeping`
 */

export class ClientLifetime {
  #document;
  #formerNames;
  #hasMoved = false;
  #listener;
  #page = newName();
  #left;
  #isBegun = false;
  #isAsleep = false;
  #drafts;
  #keeper;
  #tabs;
  #offer;

  /**
   * @param {{document: string, formerNames: readonly string[]}} names formerNames: what pages before
   *   this one may have known the document as
   * @param {Tools} tools
   * @param {LifetimeListener} listener
   */
  constructor({ document, formerNames }, { clock, connect }, listener) {
    this.#document = document;
    this.#formerNames = formerNames;
    this.#listener = listener;
    this.#left = takeSnapshot(document);
    for (const name of formerNames) {
      const left = takeSnapshot(name);
      this.#hasMoved ||= left !== null;
      this.#left ??= left;
    }
    const drafts = new Drafts(listener.keepingChanged);
    const page = this.#page;
    this.#drafts = drafts;
    this.#keeper = new DraftKeeper(
      document,
      page,
      { drafts, clock },
      {
        snapshot: () => this.#snapshot(),
        claimedElsewhere: listener.restartAs,
      },
    );
    const tabs = new Tabs(page, channelOf(document), clock, {
      ids: () =>
        this.#isAsleep ? [] : [page, listener.replica().client ?? '', ...this.#offer.clients],
      lost: () => this.#startNewClient(),
    });
    this.#tabs = tabs;
    this.#offer = new DraftOffer(
      { document, page, drafts, tabs, clock, connect, newest: () => listener.replica().newest },
      listener,
    );
  }

  /** The snapshot that the page before this one left. */
  get snapshot() {
    return this.#left?.snapshot;
  }

  /** Whether the page before this one knew the document under another name. */
  get hasMoved() {
    return this.#hasMoved;
  }

  /** Whether unsent text survives a crash. */
  get isKeeping() {
    return this.#drafts.isKeeping;
  }

  /** Whether text of an earlier visit is on offer, which the server lacks. */
  get isUnsentOffered() {
    return this.#offer.isOffered;
  }

  /** Whether closing the page now would lose text. */
  get wouldLose() {
    return (isUnsent(this.#snapshot()) && !this.#drafts.isReady) || this.#offer.wouldLose;
  }

  /** Claim the client, before the first hello. */
  async begin() {
    const left = this.#left;
    this.#left = null;
    for (const name of this.#formerNames) await this.#drafts.rename(name, this.#document);
    if (left) await this.#claim();
    if (left) await this.#keeper.resume(left.page);
    this.#isBegun = true;
    this.changed();
  }

  /** Without a connection: go on with the newest draft whose page is gone. @returns {Promise<Snapshot | null>} */
  async adopt() {
    const drafts = await this.#drafts.of(this.#document);
    const living = drafts.length > 0 ? await this.#tabs.livingIds() : new Set();
    const draft = orphansOf(drafts, living)
      .filter(({ isLost }) => !isLost)
      .at(-1);
    if (!draft) return null;
    this.#left = { snapshot: draft.snapshot, page: draft.owner };
    return draft.snapshot;
  }

  /** The replica may have changed. */
  changed() {
    if (this.#isBegun) this.#keeper.changed();
    this.#offer.changed();
  }

  /** @param {readonly import('../replica/protocol.js').Person[]} people */
  welcomed(people) {
    this.#offer.welcomed(people);
  }

  /** @param {string} client */
  left(client) {
    this.#offer.left(client);
  }

  /** The server lacks text that this page had. @param {import('../replica/working_copy.js').Lost} lost */
  lost(lost) {
    this.#offer.lost(lost);
  }

  /**
   * The user may only read from now on: leave unsent text on offer, and continue as a new client.
   *
   * @param {boolean} hasConflict whether the server still has a conflict of this client
   * @returns {boolean} whether there was anything to leave
   */
  setAside(hasConflict) {
    if (!isUnsent(this.#snapshot()) && !hasConflict) return false;
    const draft = this.#keeper.giveUp();
    if (draft) this.#offer.setAside(/** @type {import('./recovery.js').Orphan} */ (draft));
    this.#listener.restartAs(null);
    return true;
  }

  /** Write the draft at once: the page may be about to unload or sleep. */
  saveNow() {
    this.#keeper.saveNow();
  }

  /**
   * The page is being unloaded; the next one in this tab may continue from its snapshot.
   *
   * @param {boolean} isGone whether the document was deleted: the next one is about another
   */
  leave(isGone) {
    this.#isAsleep = true; // some browsers still let it answer
    this.saveNow();
    if (!isGone) leaveSnapshot(this.#document, this.#snapshot(), this.#page);
  }

  /** The page was asleep: other tabs may have claimed its client. */
  async wake() {
    this.#isAsleep = false;
    takeSnapshot(this.#document); // this page continues; no other may
    await this.#claim();
    await this.#keeper.checkOwner();
  }

  /** The page was hidden: it may have slept without an event. */
  async shown() {
    await this.#keeper.checkOwner();
  }

  async #claim() {
    const { client } = this.#listener.replica();
    if (client && !(await this.#tabs.claim(client))) this.#startNewClient();
  }

  /** Another tab has this client: continue as a new one, with the unsent text if there is any. */
  #startNewClient() {
    const snapshot = this.#snapshot();
    this.#keeper.release();
    this.#listener.restartAs(isUnsent(snapshot) ? asNewClient(snapshot) : null);
  }

  #snapshot() {
    return snapshotOf(this.#listener.replica());
  }
}
