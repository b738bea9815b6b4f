// What the page and the server have in common, and how they come together again: a machine without
// DOM, socket or clock. Messages and changes of the text go in; what is to be sent and what is to
// be changed in the editor comes out of the same call. Positions are code points.
//
//   known ──── typing ───> local        `known` is the last commit whose text both sides have: a
//     │                      │           revision, or this client's own commit while the revision
//     │ server's splices     │           with it is not shown. `local` is what the editor shows,
//     v                      v           `newest` the newest revision that was heard of.
//   newest ── rebased ────> local'
//
// When something is sent and when something is shown is decided by the page: `flush` and `catchUp`.
// Until then typing goes on where it was, be it for the rest of a frame, while an input method
// composes, or while the user wants peace.
//
// Invariants:
//   Only `typed`, `resolve` and `catchUp` change `local`.
//   At most one submission is outstanding; `known` does not move while it is (P5, P6).
//   Where typing and the server's change touch the same words, nothing is applied: the text is
//   sent on the base it was typed on, and the server merges.
//   `known` gives way to a text of the server's only if the server knows that commit. One that was
//   restored from a backup may not: what it lacks comes out as `lost`, and is never just replaced.

import { diffSplices } from '../text/diff_splices.js';
import {
  appliesTo,
  PARK,
  resolutionOf,
  resolving,
  resolvingParked,
  withTheirs,
} from './decision.js';
import { Outbox } from './outbox.js';
import { PROTOCOL, ProtocolError, RETRYABLE } from './protocol.js';
import { sizeProblem, targetOf, WorkingCopy } from './working_copy.js';

/** @typedef {import('./protocol.js').ClientMessage} ClientMessage */
/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {'offline' | 'greeting' | 'online'} Link
 * @typedef {{splices: readonly Splice[], isOwn: boolean}} Change of the editor's text; isOwn: the
 *   user's doing, though not by typing
 * @typedef {{send: ClientMessage[], changes: Change[], lost?: import('./working_copy.js').Lost}} Output
 *   lost: text that the server once had and has no longer; it is nowhere else any more
 * @typedef {{client: string, key: string, seq: number, known: import('./working_copy.js').Known,
 *   local: string, sent: import('./outbox.js').Sent | null}} Snapshot
 */

const RETRY_AFTER_S = 5;

export class Replica {
  /** @type {Link} */
  #link = 'offline';
  #copy = new WorkingCopy();
  #outbox = new Outbox();
  /** @type {string | undefined} */
  #client;
  /** @type {string | undefined} */
  #key;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {import('./decision.js').Decision | null} taken while something else had to be sent first */
  #decision = null;
  /** @type {{text: string, message: string} | null} a text that the server does not take */
  #refused = null;
  #needsResync = false; // the server is further than `newest`, and no answer is due that says how
  #isUnconfirmed = false; // the server has not shown yet that it knows the commit of `known`
  #documentBytesMax = Number.POSITIVE_INFINITY;
  /** @type {Output} */
  #output = { send: [], changes: [] };

  /** @param {Snapshot} [snapshot] what `snapshot()` gave before the page was loaded anew */
  constructor(snapshot) {
    if (!snapshot) return;
    this.#client = snapshot.client;
    this.#key = snapshot.key;
    this.#copy = new WorkingCopy(snapshot.known, snapshot.local);
    this.#outbox = new Outbox(snapshot.seq, snapshot.sent);
  }

  // What can be asked

  get state() {
    return this.#outbox.state;
  }
  get link() {
    return this.#link;
  }
  get local() {
    return this.#copy.local;
  }
  get known() {
    return this.#copy.known;
  }
  /** The newest revision that was heard of, shown or not. */
  get newest() {
    return this.#copy.newest;
  }
  get client() {
    return this.#client;
  }
  get conflict() {
    return this.#conflict;
  }
  get refused() {
    return this.#refused?.message ?? null;
  }
  /** Whether something was typed that has not been sent. */
  get isUnsent() {
    return this.local !== (this.#outbox.sent ?? this.known).text;
  }
  /** Whether there is something newer than what is shown. */
  get isBehind() {
    return this.#copy.isBehind || this.#needsResync;
  }
  /** Whether nothing is under way that `known` must not move under. */
  get canCatchUp() {
    const isFree = this.#outbox.isIdle && !this.#conflict && !this.#isUnconfirmed;
    return this.#copy.isBehind && isFree;
  }
  /** Whether a decision about the conflict is on its way. */
  get isDeciding() {
    const { sent } = this.#outbox;
    return this.#decision !== null || (sent !== null && sent.message.type !== 'edit');
  }
  /** Whether the server has everything and the editor shows everything. */
  get isSettled() {
    return (
      this.#link === 'online' &&
      this.#outbox.isIdle &&
      !this.isUnsent &&
      !this.isBehind &&
      !this.#decision
    );
  }

  /** @returns {Snapshot | null} null: there is nothing to come back to yet */
  snapshot() {
    if (!this.#client || !this.#key || !this.known.commit) return null;
    return {
      client: this.#client,
      key: this.#key,
      seq: this.#outbox.seq,
      known: this.known,
      local: this.local,
      sent: this.#outbox.sent,
    };
  }

  /** A position of the local text in the text at `known`. @param {number} position */
  toKnown(position) {
    return this.#copy.toKnown(position);
  }

  /** A position of the text at `newest` in the local text. @param {number} position */
  toLocal(position) {
    return this.#copy.toLocal(position);
  }

  // The connection

  /** @param {string} name */
  opened(name) {
    this.#expect(this.#link === 'offline', 'opened twice');
    this.#link = 'greeting';
    const resume = this.#client ? { client: this.#client, key: this.#key } : {};
    const { commit, isRevision } = this.known;
    const base = commit && isRevision ? { base: commit } : {};
    this.#output.send.push({ type: 'hello', protocol: PROTOCOL, name, ...resume, ...base });
    return this.#done();
  }

  closed() {
    this.#link = 'offline';
    this.#outbox.closed();
    return this.#done();
  }

  // The editor

  /**
   * The editor's text changed by the user's hand.
   *
   * @param {string} text
   * @param {readonly Splice[] | null} [splices] what was typed and where, if that is known
   */
  edited(text, splices = null) {
    this.#copy.edited(text, splices);
    if (this.#refused && this.#refused.text !== text) this.#refused = null;
    return this.#done();
  }

  /** Now is a good time to send. */
  flush() {
    this.#proceed();
    return this.#done();
  }

  /** Now is a good time to show what others wrote. */
  catchUp() {
    if (this.canCatchUp) {
      const splices = this.#copy.catchUp();
      if (splices) this.#show(splices);
      else if (this.#link === 'online') this.#submitEdit();
    }
    return this.#done();
  }

  /** The time that a `retrying` state names is over. */
  retry() {
    if (this.state.name === 'retrying' && this.#link === 'online') this.#resubmit(this.state.sent);
    return this.#done();
  }

  // The conflict

  /** @param {readonly string[]} results one for each hunk of the open conflict */
  resolve(results) {
    const conflict = this.#openConflict();
    this.#expect(results.length === conflict.hunks.length, 'as many results as hunks');
    this.#decision = resolving(conflict, results);
    this.#proceed();
    return this.#done();
  }

  /** Decide later: the branch is kept, this client goes on from `master`. */
  park() {
    this.#openConflict();
    this.#decision = PARK;
    this.#proceed();
    return this.#done();
  }

  /**
   * Decide about a conflict that somebody has put aside. What it comes to is shown like what others
   * write.
   *
   * @param {import('./protocol.js').UnmergedConflict} dispute
   * @param {readonly string[]} results one for each hunk
   */
  resolveParked(dispute, results) {
    this.#expect(results.length === dispute.hunks.length, 'as many results as hunks');
    this.#decision = resolvingParked(dispute, results);
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
        this.#receiveWelcome(message);
        break;
      case 'merged':
        this.#receiveMerged(message);
        break;
      case 'update':
        this.#receiveUpdate(message);
        break;
      case 'conflict':
        this.#receiveConflict(message);
        break;
      case 'error':
        this.#receiveError(message);
        break;
    }
    return this.#done();
  }

  /** @param {import('./protocol.js').Welcome} message */
  #receiveWelcome(message) {
    this.#link = 'online';
    this.#documentBytesMax = message.limits.document_bytes;
    if (message.client !== this.#client) this.#startNewClient();
    this.#client = message.client;
    this.#key = message.key;
    const isOfLastSent = message.conflict?.seq === this.#outbox.seq;
    this.#isUnconfirmed = !isOfLastSent && this.#leavesUnconfirmed(message);
    this.#outbox.skipTo(message.seq);
    if (this.state.name === 'waiting') {
      this.#needsResync = true; // and the answer tells the rest, also about a conflict
      this.#resubmit(this.state.sent);
      return;
    }
    this.#conflict = message.conflict;
    if (message.conflict) {
      if (isOfLastSent) this.#copy.known = { ...this.known, commit: message.conflict.commit };
      if (this.known.commit === null) this.#switchTo(message.revision, message.conflict.text);
    } else {
      if (this.#decision?.kind !== 'resolve parked') this.#decision = null;
      const target = message.text ?? targetOf(message, this.known);
      this.#copy.dropNewest(); // it is told from `known` on
      this.#receiveRevision(message.revision, target, message.splices);
    }
    this.#proceed();
  }

  /** A server that knows the revision named in `hello` says what came since. @param {import('./protocol.js').Welcome} message */
  #leavesUnconfirmed({ text, revision }) {
    const { commit } = this.known;
    return commit !== null && commit !== revision && text !== undefined;
  }

  /** The server did not resume this client (P14): what was outstanding is unsent again. */
  #startNewClient() {
    this.#outbox = new Outbox();
    this.#conflict = null;
    this.#decision = null;
  }

  /** @param {import('./protocol.js').Merged} message */
  #receiveMerged(message) {
    const sent = this.#outbox.answeredBy(message.seq);
    // P9, unasked: the disagreement is gone. The splices start from the commit of the conflict.
    const isOver = this.#outbox.isIdle && this.#conflict && message.seq === this.#outbox.seq;
    if (!sent && !isOver) return;
    const from = { ...this.known, text: sent?.text ?? this.known.text };
    const target = targetOf({ ...message, from: from.commit ?? '' }, from);
    // The commit has the text that was sent, unless it was put aside while we were away: then what
    // was typed stays based on what it was typed on.
    const isOurs = message.commit !== message.revision || target === from.text;
    if (sent && !sent.isApart && isOurs) {
      this.#copy.known = { commit: message.commit, text: sent.text, isRevision: false };
    }
    if (sent && !sent.isApart) this.#isUnconfirmed = false;
    this.#outbox.clear();
    this.#conflict = null;
    if (this.#decision?.kind !== 'resolve parked') this.#decision = null;
    this.#needsResync = false;
    this.#receiveRevision(
      message.revision,
      target,
      this.known.text === from.text ? message.splices : null,
    );
  }

  /** @param {import('./protocol.js').Update} message */
  #receiveUpdate(message) {
    if (message.text !== undefined) {
      if (this.state.name !== 'fetching') return;
      this.#outbox.clear();
      this.#needsResync = false;
      this.#receiveRevision(message.revision, message.text);
    } else if (!this.#outbox.isIdle || this.#needsResync) {
      this.#needsResync = true; // P6: dropped; the answer, or the text asked for, covers it
    } else if (!this.#conflict) {
      this.#receiveRevision(
        message.revision,
        targetOf(message, this.#copy.newest),
        message.splices,
      );
    }
  }

  /** @param {Conflict} message */
  #receiveConflict(message) {
    const sent = this.#outbox.answeredBy(message.seq);
    if (sent) {
      if (sent.isApart) this.#switchTo(message.commit, sent.text);
      this.#copy.known = { commit: message.commit, text: sent.text, isRevision: false };
      this.#outbox.clear();
      this.#needsResync = this.#isUnconfirmed = false;
    } else {
      if (!this.#outbox.isIdle) return;
      if (this.#conflict) this.#copy.known = { ...this.known, commit: message.commit };
    }
    this.#conflict = message;
    this.#submitDecision();
  }

  /** @param {import('./protocol.js').ServerError} message */
  #receiveError(message) {
    if (this.state.name !== 'waiting' || this.#link !== 'online') return;
    const { sent } = this.state;
    if (
      message.seq === undefined ? message.code !== 'bad_message' : message.seq !== sent.message.seq
    ) {
      return;
    }
    if (RETRYABLE.has(message.code)) {
      this.#outbox.retryLater(sent, message.retry_after_s ?? RETRY_AFTER_S, message.message);
      return;
    }
    this.#outbox.clear();
    this.#decision = null;
    if (sent.isApart) {
      if (this.#needsResync && !this.#conflict && !this.#isUnconfirmed)
        this.#fetch(); // P6
      else this.#proceed();
      return;
    }
    this.#isUnconfirmed = false;
    if (message.code === 'unknown_base') {
      // P4. There is no commit that both know: the texts are all there is to go by.
      this.#conflict = null;
      this.#copy.known = { ...this.known, commit: null };
      this.#fetch();
    } else if (sent.message.type === 'edit') {
      const isTyped = sent.text !== this.known.text;
      if (isTyped) this.#refused = { text: sent.text, message: message.message };
      if (this.#needsResync && !this.#conflict)
        this.#fetch(); // P6
      else this.#proceed();
    } else {
      // The conflict is not as it was: what was chosen goes on as an ordinary edit.
      this.#conflict = null;
      this.#needsResync = true;
      this.#proceed();
    }
  }

  // Steps

  /** Do what is due: a decision, what was typed, or finding out what was missed. */
  #proceed() {
    if (this.#link !== 'online' || !this.#outbox.isIdle) return;
    if (this.isUnsent && this.#submitEdit()) return;
    if (this.#isUnconfirmed) {
      this.#submitProbe();
      return;
    }
    this.#submitDecision();
    // A refused text in the way of a change would only be refused again.
    const isStuck = this.#conflict !== null || this.#refused !== null;
    if (this.#outbox.isIdle && this.#needsResync && !isStuck) this.#fetch();
  }

  #submitDecision() {
    const [decision, conflict] = [this.#decision, this.#conflict];
    if (!decision || this.#link !== 'online' || !this.#outbox.isIdle) return;
    if (this.isUnsent) {
      this.#submitEdit(); // first; what was decided waits for its answer
      return;
    }
    this.#decision = null;
    if (decision.kind === 'resolve parked') {
      if (!conflict) this.#submitResolveParked(decision); // else: first things first
    } else if (conflict && appliesTo(decision, conflict)) {
      if (decision.kind === 'park') this.#submitPark(conflict);
      else this.#submitResolve(conflict, decision.results);
    } // else: the hunks are new ones, the person is asked again
  }

  /** @returns {boolean} whether it was sent */
  #submitEdit() {
    const text = this.local;
    const { commit: base, text: from } = this.known;
    if (base === null || this.#refused?.text === text) return false;
    const message = sizeProblem(text, from, this.#documentBytesMax);
    if (message !== null) {
      this.#refused = { text, message };
      return false;
    }
    // In a conflict the full text: it means the same whatever the branch has become.
    const change = this.#conflict ? { text } : { splices: this.#copy.changeSince(from) };
    this.#submit({ type: 'edit', seq: this.#outbox.nextSeq, base, ...change }, text);
    return true;
  }

  /** Find out whether the server knows the commit of `known`: P8 or P4 is the answer. */
  #submitProbe() {
    const { commit: base, text } = this.known;
    if (base === null) return;
    this.#submit({ type: 'edit', seq: this.#outbox.nextSeq, base, splices: [] }, text);
  }

  /** @param {Conflict} conflict @param {readonly string[]} results */
  #submitResolve(conflict, results) {
    const { splices, text } = resolutionOf(conflict, results);
    const { commit, revision: base } = conflict;
    // What others changed elsewhere comes first, so that the decision alone is the user's step.
    const mine = withTheirs(conflict);
    this.#show(this.#copy.change(diffSplices(this.local, mine)));
    this.#show(this.#copy.change(diffSplices(mine, text)), true);
    this.#copy.known = { commit: base, text: conflict.text, isRevision: true };
    this.#submit({ type: 'resolve', seq: this.#outbox.nextSeq, commit, base, splices }, text);
  }

  /** @param {Conflict} conflict */
  #submitPark({ commit }) {
    this.#submit({ type: 'park', seq: this.#outbox.nextSeq, commit }, this.known.text, true);
  }

  /** @param {import('./decision.js').ResolveParked} decision */
  #submitResolveParked({ dispute, results }) {
    const { text } = resolutionOf(dispute, results);
    const { commit, revision: base } = dispute;
    this.#submit({ type: 'resolve', seq: this.#outbox.nextSeq, commit, base, text }, text, true);
  }

  /**
   * @param {import('./protocol.js').Submission} message
   * @param {string} text that the answer starts from
   * @param {boolean} [isApart] whether that is not what the editor shows
   */
  #submit(message, text, isApart = false) {
    this.#refused = null;
    if (this.#copy.isBehind) this.#needsResync = true; // P6: as with an update that comes from now on
    this.#copy.dropNewest();
    this.#copy.mark();
    this.#output.send.push(this.#outbox.submit(message, text, isApart));
  }

  /** @param {import('./outbox.js').Sent} sent */
  #resubmit(sent) {
    this.#output.send.push(this.#outbox.resubmit(sent));
  }

  #fetch() {
    this.#output.send.push(this.#outbox.fetch());
  }

  /**
   * A newer revision, to be shown when the page says so.
   *
   * @param {string} revision
   * @param {string | null} text
   * @param {readonly Splice[] | null} [splices] what makes it of the one at `newest`
   */
  #receiveRevision(revision, text, splices) {
    if (text === null) this.#fetch();
    else if (this.known.commit === null && this.known.text) this.#fallBack(revision, text);
    else this.#copy.receiveRevision(revision, text, splices);
  }

  /** P4: go on from a text of the server's that may be older. @param {string} revision @param {string} text */
  #fallBack(revision, text) {
    const { splices, lost } = this.#copy.fallBack(revision, text);
    this.#show(splices);
    if (lost) this.#output.lost = lost;
    this.#proceed(); // what was typed was on its way already
  }

  /** Go on from a text that is needed at once. @param {string} commit @param {string} text */
  #switchTo(commit, text) {
    this.#copy.known = { ...this.known, commit: null };
    this.#copy.receiveRevision(commit, text);
    this.#show(this.#copy.catchUp() ?? []);
  }

  /** @param {readonly Splice[]} splices @param {boolean} [isOwn] */
  #show(splices, isOwn = false) {
    if (splices.length > 0) this.#output.changes.push({ splices, isOwn });
  }

  #openConflict() {
    this.#expect(this.#conflict !== null, 'an open conflict');
    return /** @type {Conflict} */ (this.#conflict);
  }

  /** @param {boolean} condition @param {string} what */
  #expect(condition, what) {
    if (!condition) throw new ProtocolError(`expected ${what} (${this.#link}, ${this.state.name})`);
  }

  /** @returns {Output} */
  #done() {
    const output = this.#output;
    this.#output = { send: [], changes: [] };
    return output;
  }
}
