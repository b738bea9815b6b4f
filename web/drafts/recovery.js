// Sends the unsent text of a page that is gone: as that page's client, so that nothing is sent
// twice, and on the base it was typed on, so that the server merges it. No DOM.

import { hasAll } from '../replica/missing.js';
import { Replica } from '../replica/replica.js';
import { targetOf } from '../replica/working_copy.js';
import { checkOf } from '../text/checksum.js';
import { diffSplicesInUnits } from '../text/diff_splices.js';
import { isUnsent } from './draft_keeper.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/** @typedef {import('./drafts.js').Draft} Draft */
/** @typedef {import('../replica/protocol.js').Welcome} Welcome */
/** @typedef {Draft & {snapshot: Snapshot}} Orphan a draft with unsent text whose page is gone */
/**
 * @typedef {{open: () => void, close: () => void, drop: () => void, send: (message: object) => void,
 *   state: import('../replica/connection.js').ConnectionState}} RecoveryConnection
 * @typedef {{connect: (listener: import('../replica/connection.js').Listener) => RecoveryConnection, name: string,
 *   clock: import('../replica/connection.js').Clock}} Tools
 * @typedef {'merged' | 'parked' | 'refused' | 'unreachable'} Outcome merged: the text is in the
 *   document; parked: so it is, except for its conflicts; refused: by the server; unreachable: no answer
 */

// Longer than a slow merge takes, and short enough to wait for.
const TIMEOUT_MS = 20_000;

/**
 * The drafts that no other page will send.
 *
 * @param {readonly Draft[]} drafts
 * @param {Set<string>} present the pages and clients that are alive
 */
export function orphansOf(drafts, present) {
  return drafts.filter(
    /** @returns {draft is Orphan} */
    (draft) => isUnsent(draft.snapshot) && !present.has(draft.owner) && !present.has(draft.client),
  );
}

/**
 * Whether the server has all of a snapshot: it has seen a submission made after the snapshot, which
 * contained its text.
 *
 * @param {Snapshot} snapshot
 * @param {Welcome} welcome
 */
export function hasArrived({ client, seq, local, sent }, welcome) {
  if (welcome.client !== client) return false;
  return welcome.seq > seq || (welcome.seq === seq && !sent?.isApart && sent?.text === local);
}

/** The number of words typed. @param {Snapshot} snapshot */
export function wordsIn({ known, local }) {
  const inserted = diffSplicesInUnits(known.text, local).map(([, , text]) => text);
  return inserted.join(' ').split(/\s+/).filter(Boolean).length;
}

export class Recovery {
  #replica;
  #tools;
  #snapshot;
  #isLost;
  #connection;
  #isChecking = false;
  #isWelcomed = false;
  #isParked = false;
  #isOver = false;
  /** @type {import('../replica/outbox.js').State | null} */
  #retried = null;
  /** @type {(outcome: Outcome) => void} */
  #finish = () => {};
  /** Why the server refused it. */
  reason = '';
  /** @type {import('../replica/working_copy.js').Lost | null} what the server lacks of the text before the edits */
  lost = null;

  /** @param {Snapshot} snapshot @param {Tools} tools @param {boolean} [isLost] whether other pages may send the same text */
  constructor(snapshot, tools, isLost = false) {
    this.#snapshot = snapshot;
    this.#isLost = isLost;
    this.#tools = tools;
    this.#replica = new Replica(snapshot);
    this.#connection = tools.connect({
      opened: () => this.#carryOut(this.#replica.opened(tools.name)),
      closed: () => this.#carryOut(this.#replica.closed()),
      received: (message) => this.#received(message),
      changed: (state) => this.#connectionChanged(state),
    });
  }

  /** The current snapshot: the rest, if the recovery failed. */
  get snapshot() {
    return this.#replica.snapshot() ?? this.#snapshot;
  }

  /** @returns {Promise<Outcome>} */
  run() {
    const outcome = this.#outcome();
    this.#connection.open();
    return outcome;
  }

  /** Whether the server has all of it already; sends nothing but a hello. */
  async hasArrived() {
    if (!this.#snapshot.client) return false;
    this.#isChecking = true;
    return (await this.run()) === 'merged';
  }

  /** @returns {Promise<Outcome>} */
  #outcome() {
    return new Promise((resolve) => {
      const timer = this.#tools.clock.after(() => this.#finish('unreachable'), TIMEOUT_MS);
      this.#finish = (outcome) => {
        if (this.#isOver) return;
        this.#isOver = true;
        this.#tools.clock.cancel(timer);
        this.#connection.close();
        resolve(outcome);
      };
    });
  }

  /** @param {import('../replica/connection.js').ConnectionState} state */
  #connectionChanged(state) {
    if (state.name === 'refused') this.reason = state.reason;
    if (state.name === 'refused') this.#finish('refused');
    else if (state.name === 'waiting' && !this.#isWelcomed) this.#finish('unreachable');
  }

  /** @param {import('../replica/protocol.js').ServerMessage} message */
  #received(message) {
    if (this.#isOver || message.type === 'presence') return;
    if (message.type === 'welcome' && this.#welcomed(message)) return;
    try {
      this.#carryOut(this.#replica.received(message));
    } catch (problem) {
      console.error(problem);
      this.#connection.drop();
    }
  }

  /** Whether another page has sent the same text. @param {Welcome} welcome */
  #isMerged(welcome) {
    const text = welcome.text ?? targetOf(welcome, this.#replica.known);
    return this.#isLost && text !== null && hasAll(text, this.#snapshot.local);
  }

  /** @param {Welcome} welcome @returns {boolean} whether there is nothing more to do */
  #welcomed(welcome) {
    this.#isWelcomed = true;
    const isThere = hasArrived(this.#snapshot, welcome);
    if (this.#isMerged(welcome)) {
      this.#finish('merged');
      return true;
    }
    if (this.#isChecking) this.#finish(isThere ? 'merged' : 'unreachable');
    else if (isThere) this.#dropEdits();
    return this.#isChecking;
  }

  /** Drop the edits, which have arrived. Only a conflict may be left of them. */
  #dropEdits() {
    const { known } = this.#snapshot;
    this.#snapshot = { ...this.#snapshot, local: known.text, sent: null };
    this.#replica = new Replica(this.#snapshot);
    this.#replica.opened(this.#tools.name); // the hello has been sent already
  }

  /** @param {import('../replica/replica.js').Output} output */
  #carryOut({ send, lost }) {
    this.lost = lost ?? this.lost;
    for (const message of send) this.#connection.send(message);
    if (!this.#isOver && this.#isWelcomed) this.#proceed();
  }

  #proceed() {
    const replica = this.#replica;
    if (replica.refused !== null) {
      this.reason = replica.refused;
      this.#finish('refused');
    } else if (replica.conflict && !replica.isDeciding) {
      this.#isParked = true; // nobody can decide about a text that they do not see
      this.#carryOut(replica.park());
    } else if (replica.state.name === 'retrying') {
      this.#retryInTime(replica.state);
    } else if (replica.isSettled) {
      this.#finish(this.#isParked ? 'parked' : 'merged');
    } else if (replica.link === 'online' && replica.state.name === 'idle') {
      this.#carryOut(replica.canCatchUp ? replica.catchUp() : replica.flush());
    }
  }

  /** @param {import('../replica/outbox.js').Retrying} state */
  #retryInTime(state) {
    if (state === this.#retried) return;
    this.#retried = state;
    this.reason = state.message;
    this.#tools.clock.after(() => this.#carryOut(this.#replica.retry()), state.afterS * 1000);
  }
}

/**
 * What a restored server has lost, as a draft that any page of this browser may send as a new
 * client. Tabs with the same text make the same draft.
 *
 * @param {string} document
 * @param {import('../replica/working_copy.js').Lost} lost
 * @returns {Orphan}
 */
export function orphanFromLost(document, { known, local }) {
  const id = `lost.${known.commit}.${checkOf(local)}`;
  const snapshot = { client: '', key: '', seq: 0, known, local, sent: null };
  const timeMs = Date.now();
  return { document, client: id, owner: id, timeMs, snapshot, check: null, isLost: true };
}

/**
 * The record that remains of a draft, for a page that wakes up with its text.
 *
 * @param {Orphan} orphan
 * @param {string} page the one that handled the draft
 * @returns {Draft}
 */
export function finishedDraft({ document, client, snapshot }, page) {
  const check = checkOf(snapshot.local);
  return {
    document,
    client,
    owner: page,
    timeMs: Date.now(),
    snapshot: null,
    check,
  };
}
