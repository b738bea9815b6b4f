// The header's line about the state of the user's text, the title and what is announced of it. It
// keeps the times that `status` judges by.

import { byId, setText } from './dom.js';
import { showState } from './favicon.js';
import { statusOf } from './status.js';

const SLOW_MS = 2_000;

/**
 * @typedef {{replica: import('../replica/replica.js').Replica, connection: import('../replica/connection.js').ConnectionState,
 *   isKept: boolean}} State isKept: whether what is not sent survives the page
 */

export class StateLine {
  #documentName;
  #clock;
  #say;
  /** @type {number | null} */
  #dirtySinceMs = null;
  /** @type {number | null} */
  #offlineSinceMs;
  #announced = '';

  /**
   * @param {string} documentName
   * @param {import('../replica/connection.js').Clock} clock
   * @param {(sentence: string) => void} say
   */
  constructor(documentName, clock, say) {
    this.#documentName = documentName;
    this.#clock = clock;
    this.#say = say;
    this.#offlineSinceMs = clock.now();
    setText('document-name', documentName);
  }

  /** Whether something can change with time alone. */
  get isWaiting() {
    return this.#dirtySinceMs !== null || this.#offlineSinceMs !== null;
  }

  online() {
    if (this.#announced) this.#say('Back online.');
    this.#offlineSinceMs = null;
  }

  offline() {
    this.#offlineSinceMs = this.#clock.now();
  }

  /** @param {State} state */
  show({ replica, connection, isKept }) {
    const nowMs = this.#clock.now();
    const isClean = replica.state.name === 'idle' && !replica.isUnsent;
    this.#dirtySinceMs = isClean ? null : (this.#dirtySinceMs ?? nowMs);
    const times = {
      nowMs,
      dirtySinceMs: this.#dirtySinceMs,
      offlineSinceMs: this.#offlineSinceMs,
    };
    const { icon, text, said } = statusOf({ replica, connection, isKept, ...times });
    setText('status-icon', icon);
    setText('status-text', text);
    const button = byId('status', HTMLElement);
    button.classList.toggle('warning', said !== '');
    button.title = connection.name === 'open' ? '' : 'Reconnect now';
    if (said !== this.#announced) {
      this.#announced = said;
      if (said) this.#say(said);
    }
    const isAsked = replica.conflict !== null && said === '';
    showState(icon === '⚠' ? this.#trouble(isAsked) : this.#progress(), this.#documentName);
  }

  /** @param {boolean} isAsked whether a conflict is all there is to say */
  #trouble(isAsked) {
    if (isAsked) return 'conflict';
    return this.#offlineSinceMs === null ? 'unsaved' : 'offline';
  }

  /** An icon that changes at every letter would only disturb. */
  #progress() {
    const sinceMs = this.#dirtySinceMs ?? this.#clock.now();
    return this.#clock.now() - sinceMs > SLOW_MS ? 'busy' : 'saved';
  }
}
