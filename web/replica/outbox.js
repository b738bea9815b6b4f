// The request that the server has not answered yet: at most one submission, numbered and resent
// unchanged until it is answered (P3), or a request for the whole text.
//
//            submit            refused for now
//   idle ────────────> waiting ───────────────> retrying
//    │ <── answered ────┘   └ <─ resent, closed ──┘
//    └─ fetch ──> fetching ── the text, closed ──> idle

import { ProtocolError } from './protocol.js';

/** @typedef {import('./protocol.js').Submission} Submission */
/**
 * @typedef {{message: Submission, text: string, isApart: boolean}} Sent text: the one that the answer
 *   starts from; isApart: whether the editor never showed it
 *
 * @typedef {{name: 'idle'}} Idle
 * @typedef {{name: 'waiting', sent: Sent}} Waiting for the answer to a submission
 * @typedef {{name: 'retrying', sent: Sent, afterS: number, message: string}} Retrying after a
 *   temporary refusal, with the same message
 * @typedef {{name: 'fetching'}} Fetching the whole text
 * @typedef {Idle | Waiting | Retrying | Fetching} State
 */

/** @type {Idle} */
const IDLE = { name: 'idle' };

export class Outbox {
  /** @type {State} */
  #state;
  #seq;

  /** @param {number} [seq] the last one used @param {Sent | null} [sent] by an earlier page */
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
  /** The outstanding submission, or null. */
  get sent() {
    return 'sent' in this.#state ? this.#state.sent : null;
  }

  /**
   * @param {Submission} message numbered `nextSeq`
   * @param {string} text the one that the answer starts from
   * @param {boolean} [isApart]
   */
  submit(message, text, isApart = false) {
    this.#seq = message.seq;
    this.#state = { name: 'waiting', sent: { message, text, isApart } };
    return message;
  }

  /** Send the same message again. @param {Sent} sent */
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

  /** The request was answered. */
  clear() {
    this.#state = IDLE;
  }

  /** The connection was closed: the next welcome brings the text; a submission is sent again (P3). */
  closed() {
    if (this.#state.name === 'fetching') this.#state = IDLE;
    if (this.#state.name === 'retrying') this.#state = { name: 'waiting', sent: this.#state.sent };
  }

  /** Never use a number again that the server has seen. @param {number} seq */
  skipTo(seq) {
    this.#seq = Math.max(this.#seq, seq);
  }

  /**
   * The submission that an answer with this number answers.
   *
   * @param {number} seq
   * @returns {Sent | null} null also for a notice about an earlier edit (P9): the pending answer covers it
   * @throws {ProtocolError} if no such submission was made
   */
  answeredBy(seq) {
    const { sent } = this;
    if (!sent) return null;
    if (seq > sent.message.seq)
      throw new ProtocolError(`an answer to ${seq}, which was never sent`);
    return seq === sent.message.seq ? sent : null;
  }
}
