// What the server was asked and has not answered: at most one submission, numbered, sent again the
// same until its answer is there (P3); or the wish for the whole text.
//
//            submit            refused for now
//   idle ────────────> waiting ───────────────> retrying
//    │ <── answered ────┘   └ <─ resent, closed ──┘
//    └─ fetch ──> fetching ── the text, closed ──> idle

import { ProtocolError } from './protocol.js';

/** @typedef {import('./protocol.js').Submission} Submission */
/**
 * @typedef {{message: Submission, text: string, isApart: boolean}} Sent with the text that the answer
 *   starts from; isApart: that was never what the editor showed
 *
 * @typedef {{name: 'idle'}} Idle
 * @typedef {{name: 'waiting', sent: Sent}} Waiting for the answer to a submission
 * @typedef {{name: 'retrying', sent: Sent, afterS: number, message: string}} Retrying the server
 *   cannot take it now; it is sent again, the same
 * @typedef {{name: 'fetching'}} Fetching the whole text, after losing track
 * @typedef {Idle | Waiting | Retrying | Fetching} State
 */

/** @type {Idle} */
const IDLE = { name: 'idle' };

export class Outbox {
  /** @type {State} */
  #state;
  #seq;

  /** @param {number} [seq] the last one used @param {Sent | null} [sent] from an earlier page */
  constructor(seq = 0, sent = null) {
    this.#seq = seq;
    this.#state = sent ? { name: 'waiting', sent } : IDLE;
  }

  get state() {
    return this.#state;
  }
  /** The last one used. */
  get seq() {
    return this.#seq;
  }
  get nextSeq() {
    return this.#seq + 1;
  }
  get isIdle() {
    return this.#state === IDLE;
  }
  /** The submission that is outstanding. */
  get sent() {
    return 'sent' in this.#state ? this.#state.sent : null;
  }

  /**
   * @param {Submission} message numbered `nextSeq`
   * @param {string} text that the answer starts from
   * @param {boolean} [isApart]
   */
  submit(message, text, isApart = false) {
    this.#seq = message.seq;
    this.#state = { name: 'waiting', sent: { message, text, isApart } };
    return message;
  }

  /** The same again. @param {Sent} sent */
  resubmit(sent) {
    this.#state = { name: 'waiting', sent };
    return sent.message;
  }

  /** @param {Sent} sent @param {number} afterS @param {string} message why not now */
  retryLater(sent, afterS, message) {
    this.#state = { name: 'retrying', sent, afterS, message };
  }

  fetch() {
    this.#state = { name: 'fetching' };
    return /** @type {const} */ ({ type: 'sync' });
  }

  /** There is nothing more to wait for. */
  clear() {
    this.#state = IDLE;
  }

  /** The next welcome brings the text; what was submitted is submitted again (P3). */
  closed() {
    if (this.#state.name === 'fetching') this.#state = IDLE;
    if (this.#state.name === 'retrying') this.#state = { name: 'waiting', sent: this.#state.sent };
  }

  /** The server has seen this number of ours. @param {number} seq */
  skipTo(seq) {
    this.#seq = Math.max(this.#seq, seq);
  }

  /**
   * What was submitted, if this is the answer.
   *
   * @param {number} seq
   * @returns {Sent | null} null also for P9, of an edit before: the answer to ours covers it
   * @throws {ProtocolError} an answer to what was not asked
   */
  answeredBy(seq) {
    const { sent } = this;
    if (!sent) return null;
    if (seq > sent.message.seq) throw new ProtocolError(`an answer to ${seq}, which was not asked`);
    return seq === sent.message.seq ? sent : null;
  }
}
