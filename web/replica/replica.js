// The page's replica of a document: the client half of the protocol as a state machine without DOM,
// socket or clock. Messages and edits go in; each call returns the messages to send and the changes
// to make in the editor. Positions are code points.
//
//   known ──── edits ────> local        `known` is the last commit whose text both sides have: a
//     │                      │           revision, or this client's own commit while the revision
//     │ server's splices     │           with it is not shown. `local` is the text in the editor,
//     v                      v           `newest` the newest revision received.
//   newest ── rebased ────> local'
//
// The page decides when to send (`flush`) and when to show others' edits (`catchUp`). Until then
// typing goes on undisturbed: for the rest of a frame, during composition, or while paused.
//
// Invariants:
//   Only `edited`, `resolve` and `catchUp` change `local`.
//   At most one submission is outstanding; `known` does not move meanwhile (P5, P6).
//   Where the user and the server changed the same words, nothing is applied: the text is sent on
//   the base it was typed on, and the server merges.
//   `known` is replaced by the server's text only if the server knows that commit. A server restored
//   from a backup may not: what it lacks is reported as `lost`, never just overwritten.

import { diffSplices } from '../text/diff_splices.js';
import {
  appliesTo,
  PARK,
  resolutionOf,
  resolving,
  resolvingParked,
  withTheirs,
} from './decision.js';
import { joined } from './joined_hunks.js';
import { Outbox } from './outbox.js';
import { PROTOCOL, ProtocolError, RETRYABLE } from './protocol.js';
import { sizeProblem, targetOf, WorkingCopy } from './working_copy.js';

/** @typedef {import('./protocol.js').ClientMessage} ClientMessage */
/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {'offline' | 'greeting' | 'online'} Link
 * @typedef {{splices: readonly Splice[], isOwn: boolean}} Change of the editor's text; isOwn: whether
 *   the user made it, other than by typing
 * @typedef {{send: ClientMessage[], changes: Change[], lost?: import('./working_copy.js').Lost}} Output
 *   lost: text that the server has lost, and that nothing else keeps
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
  #isViewOnly = false;
  /** @type {import('./decision.js').Decision | null} made while something else had to be sent first */
  #decision = null;
  /** @type {{text: string, message: string} | null} a text that the server does not take */
  #refused = null;
  /** @type {string | null} the revision that the edits since the last one sent restore */
  #restores = null;
  #needsResync = false; // the server is ahead of `newest`, and no pending answer will say how
  #isUnconfirmed = false; // the server has not yet shown that it knows the commit of `known`
  #documentBytesMax = Number.POSITIVE_INFINITY;
  /** @type {Output} */
  #output = { send: [], changes: [] };

  /** @param {Snapshot} [snapshot] taken before the page was reloaded */
  constructor(snapshot) {
    if (!snapshot) return;
    this.#client = snapshot.client;
    this.#key = snapshot.key;
    this.#copy = new WorkingCopy(snapshot.known, snapshot.local);
    this.#outbox = new Outbox(snapshot.seq, snapshot.sent);
  }

  // State

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
  /** The newest revision received, shown or not. */
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
  /** Whether there are edits that have not been sent. */
  get isUnsent() {
    return this.local !== (this.#outbox.sent ?? this.known).text;
  }
  /** Whether there is a newer revision than the one shown. */
  get isBehind() {
    return this.#copy.isBehind || this.#needsResync;
  }
  /** Whether a newer revision can be shown now: nothing is pending that depends on `known`. */
  get canCatchUp() {
    const isFree = this.#outbox.isIdle && !this.#conflict && !this.#isUnconfirmed;
    return this.#copy.isBehind && isFree;
  }
  /** Whether the user may only read. */
  get isViewOnly() {
    return this.#isViewOnly;
  }

  /** Whether a decision about a conflict awaits its answer. */
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

  /** @returns {Snapshot | null} null before the first welcome */
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

  /** Map a position in the local text to the text at `known`. @param {number} position */
  toKnown(position) {
    return this.#copy.toKnown(position);
  }

  /** Map a position in the text at `newest` to the local text. @param {number} position */
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

  /** Resend after the time that a `retrying` state names. */
  retry() {
    if (this.state.name === 'retrying' && this.#link === 'online') this.#resubmit(this.state.sent);
    return this.#done();
  }

  // The editor

  /**
   * The user edited the text.
   *
   * @param {string} text
   * @param {readonly Splice[] | null} [splices] the edit itself, if known
   * @param {string | null} [restores] the revision whose text it brings back
   */
  edited(text, splices = null, restores = null) {
    this.#copy.edited(text, splices);
    if (restores) this.#restores = restores;
    else if (this.#restores && !this.isUnsent) this.#restores = null; // undone
    if (this.#refused && this.#refused.text !== text) this.#refused = null;
    return this.#done();
  }

  /** Send what is unsent. */
  flush() {
    this.#proceed();
    return this.#done();
  }

  /** Show others' edits. */
  catchUp() {
    if (this.canCatchUp) {
      const splices = this.#copy.catchUp();
      if (splices) this.#show(splices);
      else if (this.#link === 'online') this.#submitEdit();
    }
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

  /** Decide later: the branch is kept, and this client continues from `master`. */
  park() {
    this.#openConflict();
    this.#decision = PARK;
    this.#proceed();
    return this.#done();
  }

  /**
   * Resolve a parked conflict. The result is shown like others' edits.
   *
   * @param {import('./protocol.js').UnmergedConflict} parked
   * @param {readonly string[]} results one for each hunk
   */
  resolveParked(parked, results) {
    this.#expect(results.length === parked.hunks.length, 'as many results as hunks');
    this.#decision = resolvingParked(parked, results);
    this.#proceed();
    return this.#done();
  }

  // The server

  /**
   * @param {import('./protocol.js').ServerMessage} message
   * @throws {ProtocolError} if the message is not allowed now; the caller should reconnect
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
    this.#isViewOnly = message.access === 'view';
    this.#documentBytesMax = message.limits.document_bytes;
    if (message.client !== this.#client) this.#startNewClient();
    this.#client = message.client;
    this.#key = message.key;
    const isOfLastSent = message.conflict?.seq === this.#outbox.seq;
    this.#isUnconfirmed = !isOfLastSent && this.#leavesUnconfirmed(message);
    this.#outbox.skipTo(message.seq);
    if (this.state.name === 'waiting') {
      this.#needsResync = true; // the answer brings the rest, including any conflict
      this.#resubmit(this.state.sent);
      return;
    }
    this.#conflict = message.conflict && joined(message.conflict);
    if (message.conflict) {
      if (isOfLastSent) this.#copy.known = { ...this.known, commit: message.conflict.commit };
      if (this.known.commit === null) this.#switchTo(message.revision, message.conflict.text);
    } else {
      if (this.#decision?.kind !== 'resolve parked') this.#decision = null;
      const target = message.text ?? targetOf(message, this.known);
      this.#copy.dropNewest(); // the welcome starts from `known`
      this.#receiveRevision(message.revision, target, message.splices);
    }
    this.#proceed();
  }

  /** Whether a welcome leaves open if the server knows `known`: one that does sends splices. @param {import('./protocol.js').Welcome} message */
  #leavesUnconfirmed({ text, revision }) {
    const { commit } = this.known;
    return commit !== null && commit !== revision && text !== undefined;
  }

  /** The server did not resume this client (P14): an outstanding edit is unsent again. */
  #startNewClient() {
    this.#outbox = new Outbox();
    this.#conflict = null;
    this.#decision = null;
  }

  /** @param {import('./protocol.js').Merged} message */
  #receiveMerged(message) {
    const sent = this.#outbox.answeredBy(message.seq);
    // P9, unsolicited: the conflict is gone. The splices start from the conflict's commit.
    const isOver = this.#outbox.isIdle && this.#conflict && message.seq === this.#outbox.seq;
    if (!sent && !isOver) return;
    const from = { ...this.known, text: sent?.text ?? this.known.text };
    const target = targetOf({ ...message, from: from.commit ?? '' }, from);
    // The commit has the text that was sent, unless it was parked while we were offline: then the
    // edits keep the base they were typed on.
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
      this.#needsResync = true; // P6: dropped; the answer, or the requested text, covers it
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
    this.#conflict = joined(message);
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
      // P4. There is no common commit: only the texts can be compared.
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
      // The conflict has changed: the chosen text is sent as an ordinary edit.
      this.#conflict = null;
      this.#needsResync = true;
      this.#proceed();
    }
  }

  // Steps

  /** Send what is due: an edit, a probe, a decision, or a request for the text. */
  #proceed() {
    if (this.#link !== 'online' || !this.#outbox.isIdle) return;
    if (this.isUnsent && this.#submitEdit()) return;
    if (this.#isUnconfirmed) {
      this.#submitProbe();
      return;
    }
    this.#submitDecision();
    // A refused text would only be refused again after the change.
    const isStuck = this.#conflict !== null || this.#refused !== null;
    if (this.#outbox.isIdle && this.#needsResync && !isStuck) this.#fetch();
  }

  #submitDecision() {
    const [decision, conflict] = [this.#decision, this.#conflict];
    if (!decision || this.#link !== 'online' || !this.#outbox.isIdle) return;
    if (this.isUnsent) {
      this.#submitEdit(); // first; the decision waits for its answer
      return;
    }
    this.#decision = null;
    if (decision.kind === 'resolve parked') {
      if (!conflict) this.#submitResolveParked(decision); // otherwise the own conflict comes first
    } else if (conflict && appliesTo(decision, conflict)) {
      if (decision.kind === 'park') this.#submitPark(conflict);
      else this.#submitResolve(conflict, decision.results);
    } // otherwise the hunks have changed, and the user is asked again
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
    // In a conflict the full text, which means the same wherever the branch is by then.
    const change = this.#conflict ? { text } : { splices: this.#copy.changeSince(from) };
    const mark = this.#restores ? { restores: this.#restores } : {};
    this.#restores = null;
    this.#submit({ type: 'edit', seq: this.#outbox.nextSeq, base, ...change, ...mark }, text);
    return true;
  }

  /** Send an edit without a change: the answer is P8 if the server knows `known`, else P4. */
  #submitProbe() {
    const { commit: base, text } = this.known;
    if (base === null) return;
    this.#submit({ type: 'edit', seq: this.#outbox.nextSeq, base, splices: [] }, text);
  }

  /** @param {Conflict} conflict @param {readonly string[]} results */
  #submitResolve(conflict, results) {
    const { splices, text } = resolutionOf(conflict, results);
    const { commit, revision: base } = conflict;
    // Others' changes elsewhere come first, so that the decision alone is an undo step of the user's.
    const undecided = withTheirs(conflict);
    this.#show(this.#copy.change(diffSplices(this.local, undecided)));
    this.#show(this.#copy.change(diffSplices(undecided, text)), true);
    this.#copy.known = { commit: base, text: conflict.text, isRevision: true };
    this.#submit({ type: 'resolve', seq: this.#outbox.nextSeq, commit, base, splices }, text);
  }

  /** @param {Conflict} conflict */
  #submitPark({ commit }) {
    this.#submit({ type: 'park', seq: this.#outbox.nextSeq, commit }, this.known.text, true);
  }

  /** @param {import('./decision.js').ResolveParked} decision */
  #submitResolveParked({ parked, results }) {
    const { text } = resolutionOf(parked, results);
    const { commit, revision: base } = parked;
    this.#submit({ type: 'resolve', seq: this.#outbox.nextSeq, commit, base, text }, text, true);
  }

  /**
   * @param {import('./protocol.js').Submission} message
   * @param {string} text the one that the answer starts from
   * @param {boolean} [isApart] whether the editor does not show it
   */
  #submit(message, text, isApart = false) {
    this.#refused = null;
    if (this.#copy.isBehind) this.#needsResync = true; // P6: as for an update that arrives from now on
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
   * Adopt a newer revision, which `catchUp` will show.
   *
   * @param {string} revision
   * @param {string | null} text null if unknown
   * @param {readonly Splice[] | null} [splices] from the text at `newest` to this one
   */
  #receiveRevision(revision, text, splices) {
    if (text === null) this.#fetch();
    else if (this.known.commit === null && this.known.text) this.#fallBack(revision, text);
    else this.#copy.receiveRevision(revision, text, splices);
  }

  /** P4: continue from the server's text, which may be older. @param {string} revision @param {string} text */
  #fallBack(revision, text) {
    const { splices, lost } = this.#copy.fallBack(revision, text);
    this.#show(splices);
    if (lost) this.#output.lost = lost;
    this.#proceed(); // the edits were about to be sent
  }

  /** Continue from another text at once. @param {string} commit @param {string} text */
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
