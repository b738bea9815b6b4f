// The header's status of the user's text, which also sets the page's title and icon and announces
// trouble. It says "saved" only of what the server has acknowledged.

import { byId, setText } from './dom.js';
import { showState } from './favicon.js';

/** @typedef {import('../replica/connection.js').ConnectionState} ConnectionState */
/**
 * @typedef {{replica: import('../replica/replica.js').Replica, connection: ConnectionState,
 *   isKept: boolean}} State isKept: whether unsent text would survive the page
 * @typedef {State & {nowMs: number, dirtySinceMs: number | null, offlineSinceMs: number | null}} Situation
 * @typedef {{icon: string, text: string, announced: string}} Status announced: what is announced, once
 */

const SLOW_MS = 2_000;
const OFFLINE_SHOWN_MS = 2_000;

export class StatusLine {
  #documentName;
  #clock;
  #announce;
  /** @type {number | null} */
  #dirtySinceMs = null;
  /** @type {number | null} */
  #offlineSinceMs;
  #announced = '';

  /**
   * @param {string} documentName
   * @param {import('../replica/connection.js').Clock} clock
   * @param {(sentence: string) => void} announce
   */
  constructor(documentName, clock, announce) {
    this.#documentName = documentName;
    this.#clock = clock;
    this.#announce = announce;
    this.#offlineSinceMs = clock.now();
    setText('document-name', documentName);
  }

  /** Whether the status may change with time alone. */
  get isWaiting() {
    return this.#dirtySinceMs !== null || this.#offlineSinceMs !== null;
  }

  online() {
    if (this.#announced) this.#announce('Back online.');
    this.#offlineSinceMs = null;
  }

  offline() {
    this.#offlineSinceMs = this.#clock.now();
  }

  /** @param {State} state */
  show(state) {
    const { replica, connection } = state;
    const nowMs = this.#clock.now();
    const isClean = replica.state.name === 'idle' && !replica.isUnsent;
    this.#dirtySinceMs = isClean ? null : (this.#dirtySinceMs ?? nowMs);
    const [dirtySinceMs, offlineSinceMs] = [this.#dirtySinceMs, this.#offlineSinceMs];
    const { icon, text, announced } = statusOf({ ...state, nowMs, dirtySinceMs, offlineSinceMs });
    setText('status-icon', icon);
    setText('status-text', text);
    const button = byId('status', HTMLElement);
    button.classList.toggle('warning', announced !== '');
    button.title = connection.name === 'open' ? '' : 'Reconnect now';
    if (announced !== this.#announced) {
      this.#announced = announced;
      if (announced) this.#announce(announced);
    }
    const isConflict = replica.conflict !== null && announced === '';
    showState(icon === '⚠' ? this.#trouble(isConflict) : this.#progress(), this.#documentName);
  }

  /** @param {boolean} isConflict whether a conflict is the only trouble */
  #trouble(isConflict) {
    if (isConflict) return 'conflict';
    return this.#offlineSinceMs === null ? 'unsaved' : 'offline';
  }

  /** An icon that changed at every key would be distracting. */
  #progress() {
    const sinceMs = this.#dirtySinceMs ?? this.#clock.now();
    return this.#clock.now() - sinceMs > SLOW_MS ? 'busy' : 'saved';
  }
}

/** @param {Situation} situation @returns {Status} */
export function statusOf(situation) {
  const { replica, connection, nowMs, dirtySinceMs, offlineSinceMs } = situation;
  if (connection.name === 'refused') return warning(connection.reason);
  if (offlineSinceMs !== null && nowMs - offlineSinceMs >= OFFLINE_SHOWN_MS)
    return offline(situation);
  if (replica.refused) return warning(replica.refused);
  if (replica.state.name === 'retrying') return warning(replica.state.message);
  if (replica.conflict && !replica.isDeciding) {
    const count = replica.conflict.hunks.length;
    const text = `${count} conflict${count === 1 ? '' : 's'} to review. Everything else is saved.`;
    return { icon: '⚠', text, announced: '' }; // the conflict bar announces it
  }
  if (replica.known.commit === null) return { icon: '…', text: 'Loading', announced: '' };
  if (dirtySinceMs === null) return { icon: '✓', text: 'Saved', announced: '' };
  const text = nowMs - dirtySinceMs < SLOW_MS ? 'Saving' : 'Still saving';
  return { icon: '…', text, announced: '' };
}

/** @param {Situation} situation @returns {Status} */
function offline({ connection, nowMs, replica, isKept }) {
  const isWaiting = connection.name === 'waiting';
  const reason = (isWaiting && connection.reason) || 'Offline';
  if (!isKept)
    return warning(`${reason}. This browser can’t store your text: copy it somewhere safe.`);
  const advice =
    replica.known.commit === null ? '' : ' Keep typing: your text is stored on this device.';
  const seconds = isWaiting ? Math.ceil((connection.untilMs - nowMs) / 1000) : 0;
  const again = seconds > 3 ? ` Reconnecting in ${seconds} s.` : '';
  const announced = `${reason}.${advice}`;
  return { icon: '⚠', text: announced + again, announced };
}

/** @param {string} text @returns {Status} */
function warning(text) {
  return { icon: '⚠', text, announced: text };
}
