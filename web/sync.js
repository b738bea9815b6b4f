// What the page and the server have in common, and how they come together again: a machine without
// DOM, socket or clock. Messages and changes of the text go in; what is to be sent and what is to
// be changed in the editor comes out of the same call. Positions are code points.
//
//   known ──── typing ───> local        `known` is the last commit whose text both sides have: a
//     │                      │           revision, or this client's own commit where the answer
//     │ server's splices     │           could not be applied. `local` is what the editor shows.
//     v                      v
//   target ── rebased ────> local'
//
// Invariants:
//   Only `typed`, `resolve` and rebased splices of the server change `local`.
//   At most one submission is outstanding; `known` does not move while it is (P5, P6).
//   Where typing and the server's change touch the same words, nothing is applied: the text is
//   sent on the base it was typed on, and the server merges.

import { checkOf } from './checksum.js';
import { PROTOCOL, ProtocolError, RETRYABLE } from './protocol.js';
import { mergeKeepingAll, rebase } from './rebase.js';
import { apply, between, mapPosition } from './splices.js';

/** @typedef {import('./protocol.js').ClientMessage} ClientMessage */
/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('./protocol.js').Submission} Submission */
/** @typedef {import('./splices.js').Splice} Splice */

/**
 * @typedef {{commit: string | null, text: string, isRevision: boolean}} Known commit null: nothing
 *   that the server would know
 * @typedef {{message: Submission, text: string}} Sent with the text that the answer starts from
 *
 * @typedef {{name: 'idle'}} Idle
 * @typedef {{name: 'waiting', sent: Sent}} Waiting for the answer to a submission
 * @typedef {{name: 'retrying', sent: Sent, afterS: number, message: string}} Retrying the server
 *   cannot take it now; it is sent again, the same
 * @typedef {{name: 'fetching'}} Fetching the whole text, after losing track
 * @typedef {Idle | Waiting | Retrying | Fetching} State
 *
 * @typedef {'offline' | 'greeting' | 'online'} Link
 * @typedef {{kind: 'park'} | {kind: 'resolve', hunks: string, results: readonly string[]}} Decision
 * @typedef {{send: ClientMessage[], splices: readonly Splice[]}} Output splices: for the editor
 * @typedef {{client: string, key: string, seq: number, known: Known, local: string,
 *   sent: Sent | null}} Snapshot
 */

/** @type {Idle} */
const IDLE = { name: 'idle' };
const RETRY_AFTER_S = 5;

const encoder = new TextEncoder();

export class Sync {
  /** @type {State} */
  #state = IDLE;
  /** @type {Link} */
  #link = 'offline';
  /** @type {Known} */
  #known = { commit: null, text: '', isRevision: false };
  #local = '';
  /** @type {string | undefined} */
  #client;
  /** @type {string | undefined} */
  #key;
  #seq = 0;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {Decision | null} taken while something else had to be sent first */
  #decision = null;
  /** @type {{text: string, message: string} | null} a text that the server does not take */
  #refusal = null;
  #held = false;
  #isBehind = false; // the server is further than `known`, and no answer is due that says how
  #documentBytesMax = Number.POSITIVE_INFINITY;
  /** @type {Output} */
  #output = { send: [], splices: [] };

  /** @param {Snapshot} [snapshot] what `snapshot()` gave before the page was loaded anew */
  constructor(snapshot) {
    if (!snapshot) return;
    this.#client = snapshot.client;
    this.#key = snapshot.key;
    this.#seq = snapshot.seq;
    this.#known = snapshot.known;
    this.#local = snapshot.local;
    if (snapshot.sent) this.#state = { name: 'waiting', sent: snapshot.sent };
  }

  // What can be asked

  get state() {
    return this.#state;
  }
  get link() {
    return this.#link;
  }
  get local() {
    return this.#local;
  }
  get known() {
    return this.#known;
  }
  get client() {
    return this.#client;
  }
  get conflict() {
    return this.#conflict;
  }
  get refusal() {
    return this.#refusal?.message ?? null;
  }
  /** Whether something was typed that has not been sent. */
  get isUnsent() {
    return this.#local !== this.#reference;
  }
  /** Whether a decision about the conflict is on its way. */
  get isDeciding() {
    return (
      this.#decision !== null || ('sent' in this.#state && this.#state.sent.message.type !== 'edit')
    );
  }
  /** Whether the server has everything and the editor shows everything. */
  get isSettled() {
    return (
      this.#link === 'online' &&
      this.#state === IDLE &&
      !this.isUnsent &&
      !this.#isBehind &&
      !this.#decision
    );
  }

  /** @returns {Snapshot | null} null: there is nothing to come back to yet */
  snapshot() {
    if (!this.#client || !this.#key || !this.#known.commit) return null;
    return {
      client: this.#client,
      key: this.#key,
      seq: this.#seq,
      known: this.#known,
      local: this.#local,
      sent: 'sent' in this.#state ? this.#state.sent : null,
    };
  }

  /** A position of the local text in the text at `known`. @param {number} position */
  toKnown(position) {
    return mapPosition(between(this.#local, this.#known.text), position);
  }

  /** A position of the text at `known` in the local text. @param {number} position */
  toLocal(position) {
    return mapPosition(between(this.#known.text, this.#local), position);
  }

  // The connection

  /** @param {string} name */
  opened(name) {
    this.#expect(this.#link === 'offline', 'opened twice');
    this.#link = 'greeting';
    const resume = this.#client ? { client: this.#client, key: this.#key } : {};
    const base = this.#known.commit && this.#known.isRevision ? { base: this.#known.commit } : {};
    this.#output.send.push({ type: 'hello', protocol: PROTOCOL, name, ...resume, ...base });
    return this.#done();
  }

  closed() {
    this.#link = 'offline';
    // The next welcome brings the text; what was submitted is submitted again (P3).
    if (this.#state.name === 'fetching') this.#state = IDLE;
    if (this.#state.name === 'retrying') this.#state = { name: 'waiting', sent: this.#state.sent };
    return this.#done();
  }

  // The editor

  /** The editor's text changed by the user's hand. @param {string} text */
  typed(text) {
    this.#local = text;
    if (this.#refusal && this.#refusal.text !== text) this.#refusal = null;
    return this.#done();
  }

  /** Now is a good time to send. */
  flush() {
    this.#proceed();
    return this.#done();
  }

  /** Until `release`, nothing may change in the editor (a composition is under way). */
  hold() {
    this.#held = true;
    return this.#done();
  }

  release() {
    this.#held = false;
    this.#proceed();
    return this.#done();
  }

  /** The time that a `retrying` state names is over. */
  retry() {
    if (this.#state.name === 'retrying' && this.#link === 'online')
      this.#resubmit(this.#state.sent);
    return this.#done();
  }

  // The conflict

  /** @param {readonly string[]} results one for each hunk of the open conflict */
  resolve(results) {
    const { hunks } = this.#openConflict();
    this.#expect(results.length === hunks.length, 'as many results as hunks');
    this.#decision = { kind: 'resolve', hunks: JSON.stringify(hunks.map(substance)), results };
    this.#proceed();
    return this.#done();
  }

  /** Decide later: the branch is kept, this client goes on from `master`. */
  park() {
    this.#openConflict();
    this.#decision = { kind: 'park' };
    this.#proceed();
    return this.#done();
  }

  // The server

  /**
   * @param {import('./protocol.js').ServerMessage} message
   * @throws {ProtocolError} it must not come now; the connection is best opened anew
   */
  received(message) {
    if (message.type === 'welcome') this.#expect(this.#link === 'greeting', 'an early hello');
    else if (message.type !== 'error') this.#expect(this.#link === 'online', 'a welcome first');
    switch (message.type) {
      case 'welcome':
        this.#welcomed(message);
        break;
      case 'merged':
        this.#merged(message);
        break;
      case 'update':
        this.#updated(message);
        break;
      case 'conflict':
        this.#disagreed(message);
        break;
      case 'error':
        this.#refused(message);
        break;
    }
    return this.#done();
  }

  /** @param {import('./protocol.js').Welcome} message */
  #welcomed(message) {
    this.#link = 'online';
    this.#documentBytesMax = message.limits.document_bytes;
    if (message.client !== this.#client) this.#beginAnew();
    this.#client = message.client;
    this.#key = message.key;
    const isOfLastSent = message.conflict?.seq === this.#seq;
    this.#seq = Math.max(this.#seq, message.seq);
    if (this.#state.name === 'waiting') {
      this.#isBehind = true; // and the answer tells the rest, also about a conflict
      this.#resubmit(this.#state.sent);
      return;
    }
    this.#conflict = message.conflict;
    if (message.conflict) {
      if (isOfLastSent) this.#known = { ...this.#known, commit: message.conflict.commit };
      if (this.#known.commit === null) this.#adopt(message.revision, message.conflict.text);
    } else {
      this.#decision = null;
      const target = message.text ?? this.#target(message, this.#known);
      if (target === null) this.#fetch();
      else this.#adopt(message.revision, target);
    }
    this.#proceed();
  }

  /** The server did not resume this client (P14): what was outstanding is unsent again. */
  #beginAnew() {
    this.#seq = 0;
    this.#state = IDLE;
    this.#conflict = null;
    this.#decision = null;
  }

  /** @param {import('./protocol.js').Merged} message */
  #merged(message) {
    const sent = this.#answered(message.seq);
    // P9, unasked: the disagreement is gone. The splices start from the commit of the conflict.
    if (!sent && (this.#state !== IDLE || !this.#conflict || message.seq !== this.#seq)) return;
    const from = { ...this.#known, text: sent?.text ?? this.#known.text };
    const target = this.#target({ ...message, from: from.commit ?? '' }, from);
    // The commit has the text that was sent, unless it was put aside while we were away: then what
    // was typed stays based on what it was typed on.
    const isOurs = message.commit !== message.revision || target === from.text;
    if (sent && sent.message.type !== 'park' && isOurs) {
      this.#known = { commit: message.commit, text: sent.text, isRevision: false };
    }
    this.#state = IDLE;
    this.#conflict = null;
    this.#decision = null;
    this.#isBehind = false;
    if (target === null) this.#fetch();
    else this.#adopt(message.revision, target);
  }

  /** @param {import('./protocol.js').Update} message */
  #updated(message) {
    if (message.text !== undefined) {
      if (this.#state.name !== 'fetching') return;
      this.#state = IDLE;
      this.#isBehind = false;
      this.#adopt(message.revision, message.text);
    } else if (this.#state !== IDLE || this.#isBehind) {
      this.#isBehind = true; // P6: dropped; the answer, or the text asked for, covers it
    } else if (!this.#conflict) {
      const target = this.#target(message, this.#known);
      if (target === null) this.#fetch();
      else this.#adopt(message.revision, target);
    }
  }

  /** @param {Conflict} message */
  #disagreed(message) {
    const sent = this.#answered(message.seq);
    if (sent) {
      this.#known = { commit: message.commit, text: sent.text, isRevision: false };
      this.#state = IDLE;
      this.#isBehind = false;
    } else {
      if (this.#state !== IDLE) return;
      if (this.#conflict) this.#known = { ...this.#known, commit: message.commit };
    }
    this.#conflict = message;
    this.#proceedDeciding();
  }

  /** @param {import('./protocol.js').ServerError} message */
  #refused(message) {
    if (this.#state.name !== 'waiting' || this.#link !== 'online') return;
    const { sent } = this.#state;
    if (
      message.seq === undefined ? message.code !== 'bad_message' : message.seq !== sent.message.seq
    ) {
      return;
    }
    if (RETRYABLE.has(message.code)) {
      const afterS = message.retry_after_s ?? RETRY_AFTER_S;
      this.#state = { name: 'retrying', sent, afterS, message: message.message };
      return;
    }
    this.#state = IDLE;
    this.#decision = null;
    if (message.code === 'unknown_base') {
      // P4. There is no commit that both know: the texts are all there is to go by.
      this.#conflict = null;
      this.#known = { ...this.#known, commit: null };
      this.#fetch();
    } else if (sent.message.type === 'edit') {
      this.#refusal = { text: sent.text, message: message.message };
      if (this.#isBehind && !this.#conflict)
        this.#fetch(); // P6
      else this.#proceed();
    } else {
      // The conflict is not as it was: what was chosen goes on as an ordinary edit.
      this.#conflict = null;
      this.#isBehind = true;
      this.#proceed();
    }
  }

  // Steps

  /** Do what is due: a decision, what was typed, or finding out what was missed. */
  #proceed() {
    if (this.#link !== 'online' || this.#state !== IDLE) return;
    if (this.isUnsent && this.#submitEdit()) return;
    this.#proceedDeciding();
    // A refused text in the way of a change would only be refused again.
    const isStuck = this.#held || this.#conflict !== null || this.#refusal !== null;
    if (this.#state === IDLE && this.#isBehind && !isStuck) this.#fetch();
  }

  #proceedDeciding() {
    const [decision, conflict] = [this.#decision, this.#conflict];
    if (!decision || !conflict || this.#link !== 'online' || this.#state !== IDLE) return;
    if (this.isUnsent) {
      this.#submitEdit(); // first; what was decided waits for its answer
      return;
    }
    this.#decision = null;
    if (decision.kind === 'park') this.#submitPark(conflict);
    else if (decision.hunks === JSON.stringify(conflict.hunks.map(substance))) {
      this.#submitResolve(conflict, decision.results);
    }
    // Otherwise the hunks are new ones: the person is asked again.
  }

  /** @returns {boolean} whether it was sent */
  #submitEdit() {
    const text = this.#local;
    const { commit: base, text: from } = this.#known;
    if (base === null || this.#refusal?.text === text) return false;
    if (this.#isTooLarge(text)) return false;
    // In a conflict the full text: it means the same whatever the branch has become.
    const change = this.#conflict ? { text } : { splices: between(from, text) };
    this.#submit({ type: 'edit', seq: this.#seq + 1, base, ...change }, text);
    return true;
  }

  /** @param {Conflict} conflict @param {readonly string[]} results */
  #submitResolve(conflict, results) {
    const splices = conflict.hunks.map(
      ({ start, end }, index) => /** @type {Splice} */ ([start, end - start, results[index] ?? '']),
    );
    const text = apply(conflict.text, splices);
    const { commit, revision: base } = conflict;
    this.#change(between(this.#local, text));
    this.#known = { commit: base, text: conflict.text, isRevision: true };
    this.#submit({ type: 'resolve', seq: this.#seq + 1, commit, base, splices }, text);
  }

  /** @param {Conflict} conflict */
  #submitPark({ commit }) {
    this.#submit({ type: 'park', seq: this.#seq + 1, commit }, this.#known.text);
  }

  /** @param {Submission} message @param {string} text */
  #submit(message, text) {
    this.#seq = message.seq;
    this.#refusal = null;
    this.#resubmit({ message, text });
  }

  /** @param {Sent} sent */
  #resubmit(sent) {
    this.#state = { name: 'waiting', sent };
    this.#output.send.push(sent.message);
  }

  #fetch() {
    this.#state = { name: 'fetching' };
    this.#output.send.push({ type: 'sync' });
  }

  /**
   * Go from `known` to a newer revision, keeping what was typed since.
   *
   * @param {string} revision
   * @param {string} target
   */
  #adopt(revision, target) {
    const { commit, text } = this.#known;
    const remote = between(text, target);
    if (this.#held && remote.length > 0) {
      this.#isBehind = true;
      return;
    }
    const local = between(text, this.#local);
    const rebased = rebase(text, local, remote);
    if (rebased) {
      this.#change(rebased.remote);
    } else if (commit === null) {
      this.#change(between(this.#local, mergeKeepingAll(text, local, remote)));
    } else {
      this.#isBehind = true;
      this.#submitEdit();
      return;
    }
    this.#known = { commit: revision, text: target, isRevision: true };
  }

  /** @param {readonly Splice[]} splices */
  #change(splices) {
    this.#local = apply(this.#local, splices);
    this.#output.splices = splices;
  }

  /**
   * The text that splices lead to, or null where they do not fit or do not give what they should.
   *
   * @param {{from?: string, splices?: readonly Splice[], check: number}} message
   * @param {Known} known
   */
  #target(message, known) {
    if (message.from !== known.commit || !message.splices) return null;
    try {
      const target = apply(known.text, message.splices);
      return checkOf(target) === message.check ? target : null;
    } catch {
      return null;
    }
  }

  /** What was submitted, if this is the answer. @param {number} seq @returns {Sent | null} */
  #answered(seq) {
    if (this.#state.name !== 'waiting' && this.#state.name !== 'retrying') return null;
    const { sent } = this.#state;
    this.#expect(seq <= sent.message.seq, 'no answers to what was not asked');
    return seq === sent.message.seq ? sent : null; // else P9, of an edit before: ours covers it
  }

  /** @param {string} text */
  #isTooLarge(text) {
    const most = this.#documentBytesMax;
    if (text.length * 3 <= most) return false;
    const size = encoder.encode(text).length;
    // A step out of being too large already is welcome.
    if (size <= most || size < encoder.encode(this.#known.text).length) return false;
    const message = `The document is too large to be saved: ${size.toLocaleString('en')} of ${most.toLocaleString('en')} bytes. Make it shorter.`;
    this.#refusal = { text, message };
    return true;
  }

  /** What the local text is compared with to see whether all of it was sent. */
  get #reference() {
    return 'sent' in this.#state ? this.#state.sent.text : this.#known.text;
  }

  #openConflict() {
    this.#expect(this.#conflict !== null, 'an open conflict');
    return /** @type {Conflict} */ (this.#conflict);
  }

  /** @param {boolean} condition @param {string} what */
  #expect(condition, what) {
    if (!condition)
      throw new ProtocolError(`expected ${what} (${this.#link}, ${this.#state.name})`);
  }

  /** @returns {Output} */
  #done() {
    const output = this.#output;
    this.#output = { send: [], splices: [] };
    return output;
  }
}

/** What a hunk is about, wherever in the text it stands. @param {import('./protocol.js').Hunk} hunk */
function substance({ base, ours, theirs }) {
  return [base, ours, theirs];
}
