// A page's time as a client of a document: from claiming the client that the page before it was, to
// leaving what is unsent to the page after it. It puts drafts, tabs and the recovery bar together.

import { newName } from '../ui/names.js';
import { leaveSnapshot, takeSnapshot } from '../ui/storage.js';
import { DraftKeeper, forked, isUnsent, snapshotOf } from './draft_keeper.js';
import { Drafts } from './drafts.js';
import { RecoveryBar } from './recovery_bar.js';
import { channelOf, Tabs } from './tabs.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/**
 * @typedef {{clock: import('../replica/connection.js').Clock, connect: import('./recovery.js').Tools['connect']}} Tools
 * @typedef {{replica: () => import('../replica/replica.js').Replica, goOnWith: (rest: Snapshot | null) => void,
 *   kept: () => void} & import('./recovery_bar.js').RecoveryListener} LifetimeListener goOnWith: as a
 *   new client, without the text if there is none; kept: `isKeeping` is another
 */

export class ClientLifetime {
  #document;
  #listener;
  #page = newName();
  #left;
  #isBegun = false;
  #isAsleep = false;
  #drafts;
  #keeper;
  #tabs;
  #bar;

  /** @param {string} document @param {Tools} tools @param {LifetimeListener} listener */
  constructor(document, { clock, connect }, listener) {
    this.#document = document;
    this.#listener = listener;
    this.#left = takeSnapshot(document);
    const drafts = new Drafts(listener.kept);
    const page = this.#page;
    this.#drafts = drafts;
    this.#keeper = new DraftKeeper(
      document,
      page,
      { drafts, clock },
      {
        work: () => this.#work(),
        taken: listener.goOnWith,
      },
    );
    const tabs = new Tabs(page, channelOf(document), clock, {
      ids: () =>
        this.#isAsleep ? [] : [page, listener.replica().client ?? '', ...this.#bar.clients],
      lost: () => this.#fork(),
    });
    this.#tabs = tabs;
    this.#bar = new RecoveryBar(
      { document, page, drafts, tabs, clock, connect, newest: () => listener.replica().newest },
      listener,
    );
  }

  /** What the page before this one has left. */
  get snapshot() {
    return this.#left?.snapshot;
  }

  /** Whether what is typed would survive a crash. */
  get isKeeping() {
    return this.#drafts.isKeeping;
  }

  /** Whether something would be lost if the page were closed now. */
  get wouldLose() {
    return (isUnsent(this.#work()) && !this.#drafts.isReady) || this.#bar.wouldLose;
  }

  /** Before the first hello: be sure that nobody else is this client. */
  async begin() {
    const left = this.#left;
    this.#left = null;
    if (left) await this.#claim();
    if (left) await this.#keeper.resume(left.page);
    this.#isBegun = true;
    this.changed();
  }

  /** Something was typed, acknowledged or heard. */
  changed() {
    if (this.#isBegun) this.#keeper.changed();
    this.#bar.changed();
  }

  /** @param {readonly import('../replica/protocol.js').Person[]} people */
  welcomed(people) {
    this.#bar.welcomed(people);
  }

  /** Somebody has left. @param {string} client */
  left(client) {
    this.#bar.left(client);
  }

  /** The server lacks what this page had. @param {import('../replica/working_copy.js').Lost} lost */
  lost(lost) {
    this.#bar.lost(lost);
  }

  /** The page may be gone in a moment, or asleep. */
  keepNow() {
    this.#keeper.keepNow();
  }

  /** The page goes; the next one in this tab may go on where it was. */
  leave() {
    this.#isAsleep = true; // some browsers let it answer still
    this.keepNow();
    leaveSnapshot(this.#document, this.#work(), this.#page);
  }

  /** The page was asleep, and others may have thought it was gone. */
  async wake() {
    this.#isAsleep = false;
    takeSnapshot(this.#document); // this very page goes on; nobody else may
    await this.#claim();
    await this.#keeper.check();
  }

  /** The page was not seen for a while; perhaps it slept, and nobody told it. */
  async check() {
    await this.#keeper.check();
  }

  async #claim() {
    const { client } = this.#listener.replica();
    if (client && !(await this.#tabs.claim(client))) this.#fork();
  }

  /** Another tab is this client. What is typed here belongs to this one. */
  #fork() {
    const snapshot = this.#work();
    this.#keeper.letGo();
    this.#listener.goOnWith(snapshot && isUnsent(snapshot) ? forked(snapshot) : null);
  }

  #work() {
    return snapshotOf(this.#listener.replica());
  }
}
