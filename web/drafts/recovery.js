// Sends what a page that is gone has left: as that page's client, so that what arrived already is
// not sent twice, and on the base it was typed on, so that the server merges it. No DOM.

import { hasAll } from '../replica/missing.js';
import { Replica } from '../replica/replica.js';
import { targetOf } from '../replica/working_copy.js';
import { checkOf } from '../text/checksum.js';
import { diffSplicesInUnits } from '../text/diff_splices.js';
import { isUnsent } from './draft_keeper.js';

/** @typedef {import('../replica/replica.js').Snapshot} Snapshot */
/** @typedef {import('./drafts.js').Draft} Draft */
/** @typedef {import('../replica/protocol.js').Welcome} Welcome */
/** @typedef {Draft & {snapshot: Snapshot}} Orphan a draft with unsent text and without a living page */
/**
 * @typedef {{open: () => void, close: () => void, drop: () => void, send: (message: object) => void,
 *   state: import('../replica/connection.js').ConnectionState}} Line
 * @typedef {{connect: (listener: import('../replica/connection.js').Listener) => Line, name: string,
 *   clock: import('../replica/connection.js').Clock}} Tools
 * @typedef {'merged' | 'parked' | 'refused' | 'unreachable'} Ending merged: it is in the document;
 *   parked: it is, but for what disagreed; refused: the server does not take it; unreachable: not yet
 */

// Longer than a slow merge takes, and short enough to wait for.
const TIME_MOST_MS = 20_000;

/**
 * The drafts that nobody else will send.
 *
 * @param {readonly Draft[]} drafts
 * @param {Set<string>} present pages and clients that are here
 */
export function orphansOf(drafts, present) {
  return drafts.filter(
    /** @returns {draft is Orphan} */
    (draft) => isUnsent(draft.snapshot) && !present.has(draft.owner) && !present.has(draft.client),
  );
}

/**
 * Whether the server has all of it: it knows of a submission that came after the snapshot, which
 * contained what the snapshot has.
 *
 * @param {Snapshot} snapshot
 * @param {Welcome} welcome
 */
export function hasArrived({ client, seq, local, sent }, welcome) {
  if (welcome.client !== client) return false;
  return welcome.seq > seq || (welcome.seq === seq && !sent?.isApart && sent?.text === local);
}

/** How many words were typed. @param {Snapshot} snapshot */
export function wordsIn({ known, local }) {
  const inserted = diffSplicesInUnits(known.text, local).map(([, , text]) => text);
  return inserted.join(' ').split(/\s+/).filter(Boolean).length;
}

export class Recovery {
  #replica;
  #tools;
  #snapshot;
  #isLost;
  #line;
  #isLooking = false;
  #isWelcomed = false;
  #isParked = false;
  #isOver = false;
  /** @type {import('../replica/outbox.js').State | null} */
  #retried = null;
  /** @type {(ending: Ending) => void} */
  #end = () => {};
  /** What the server said against it. */
  reason = '';
  /** @type {import('../replica/working_copy.js').Lost | null} what the server lacks of the text it was typed in */
  lost = null;

  /** @param {Snapshot} snapshot @param {Tools} tools @param {boolean} [isLost] others may send the same */
  constructor(snapshot, tools, isLost = false) {
    this.#snapshot = snapshot;
    this.#isLost = isLost;
    this.#tools = tools;
    this.#replica = new Replica(snapshot);
    this.#line = tools.connect({
      opened: () => this.#carryOut(this.#replica.opened(tools.name)),
      closed: () => this.#carryOut(this.#replica.closed()),
      received: (message) => this.#received(message),
      changed: (state) => this.#lineIs(state),
    });
  }

  /** As far as it has got; what is left if it did not end well. */
  get snapshot() {
    return this.#replica.snapshot() ?? this.#snapshot;
  }

  /** @returns {Promise<Ending>} */
  run() {
    const ending = this.#ended();
    this.#line.open();
    return ending;
  }

  /** Whether all of it has arrived already; nothing is sent. */
  async look() {
    if (!this.#snapshot.client) return false;
    this.#isLooking = true;
    return (await this.run()) === 'merged';
  }

  /** @returns {Promise<Ending>} */
  #ended() {
    return new Promise((resolve) => {
      const timer = this.#tools.clock.after(() => this.#end('unreachable'), TIME_MOST_MS);
      this.#end = (ending) => {
        if (this.#isOver) return;
        this.#isOver = true;
        this.#tools.clock.cancel(timer);
        this.#line.close();
        resolve(ending);
      };
    });
  }

  /** @param {import('../replica/connection.js').ConnectionState} state */
  #lineIs(state) {
    if (state.name === 'refused') this.reason = state.reason;
    if (state.name === 'refused') this.#end('refused');
    else if (state.name === 'waiting' && !this.#isWelcomed) this.#end('unreachable');
  }

  /** @param {import('../replica/protocol.js').ServerMessage} message */
  #received(message) {
    if (this.#isOver || message.type === 'presence') return;
    if (message.type === 'welcome' && this.#welcomed(message)) return;
    try {
      this.#carryOut(this.#replica.received(message));
    } catch (problem) {
      console.error(problem);
      this.#line.drop();
    }
  }

  /** Whether others have sent the same before. @param {Welcome} welcome */
  #isMerged(welcome) {
    const text = welcome.text ?? targetOf(welcome, this.#replica.known);
    return this.#isLost && text !== null && hasAll(text, this.#snapshot.local);
  }

  /** @param {Welcome} welcome @returns {boolean} whether that was all */
  #welcomed(welcome) {
    this.#isWelcomed = true;
    const isThere = hasArrived(this.#snapshot, welcome);
    if (this.#isMerged(welcome)) {
      this.#end('merged');
      return true;
    }
    if (this.#isLooking) this.#end(isThere ? 'merged' : 'unreachable');
    else if (isThere) this.#forget();
    return this.#isLooking;
  }

  /** There is nothing to send any more. Only a conflict may be left of it. */
  #forget() {
    const { known } = this.#snapshot;
    this.#snapshot = { ...this.#snapshot, local: known.text, sent: null };
    this.#replica = new Replica(this.#snapshot);
    this.#replica.opened(this.#tools.name); // which it was: the hello is sent
  }

  /** @param {import('../replica/replica.js').Output} output */
  #carryOut({ send, lost }) {
    this.lost = lost ?? this.lost;
    for (const message of send) this.#line.send(message);
    if (!this.#isOver && this.#isWelcomed) this.#proceed();
  }

  #proceed() {
    const replica = this.#replica;
    if (replica.refused !== null) {
      this.reason = replica.refused;
      this.#end('refused');
    } else if (replica.conflict && !replica.isDeciding) {
      this.#isParked = true; // nobody is asked about a text they do not see
      this.#carryOut(replica.park());
    } else if (replica.state.name === 'retrying') {
      this.#retryInTime(replica.state);
    } else if (replica.isSettled) {
      this.#end(this.#isParked ? 'parked' : 'merged');
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
 * What a restored server has lost, as a draft that anybody in this browser may send, as a new client.
 * Tabs that had the same text make the same draft of it.
 *
 * @param {string} document
 * @param {import('../replica/working_copy.js').Lost} lost
 * @returns {Orphan}
 */
export function orphanOf(document, { known, local }) {
  const id = `lost.${known.commit}.${checkOf(local)}`;
  const snapshot = { client: '', key: '', seq: 0, known, local, sent: null };
  const timeMs = Date.now();
  return { document, client: id, owner: id, timeMs, snapshot, check: null, isLost: true };
}

/**
 * What stays of a draft, for the page that wakes up and still has its text.
 *
 * @param {Orphan} orphan
 * @param {string} page that has dealt with it
 * @returns {Draft}
 */
export function finished({ document, client, snapshot }, page) {
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
