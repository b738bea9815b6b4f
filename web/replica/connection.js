// A websocket that reconnects forever, with exponential back-off. It carries JSON and knows no
// message but `ping` and `pong`. Clock and socket class are injected.
//
//   connecting ──open──> open ──close, timeout──> waiting ──time, wake()──> connecting
//                                    ├─ no access, deleted ──> refused ──wake()──> connecting
//                                    └─ renamed ──> moved, for good
//                           close(), from anywhere ──> closed ──wake()──> connecting
//
// While a refused page tries again, it stays refused for the listener, until the first message.

import { say } from '../text/say.js';

/** @typedef {(callback: () => void, ms: number) => unknown} SetTimer */
/**
 * @typedef {{now: () => number, after: SetTimer, cancel: (timer: unknown) => void,
 *   random: () => number}} Clock
 * @typedef {{name: 'connecting'} | {name: 'open'} | {name: 'closed'}
 *   | {name: 'waiting', untilMs: number, reason: string}
 *   | {name: 'refused', kind: Refusal, reason: string}
 *   | {name: 'moved', document: string}} ConnectionState document: its new name
 * @typedef {'signed out' | 'no access' | 'deleted'} Refusal
 * @typedef {{opened: () => void, closed: () => void, received: (message: any) => void,
 *   changed: (state: ConnectionState) => void}} Listener
 */

const OPEN = 1; // a WebSocket's readyState
const OVERLOADED = 1013;
const RENAMED = 4301; // the reason is the new name
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const PING_EVERY_MS = 15_000;
// For a socket to open, and for anything to arrive after a ping.
const ANSWER_MAX_MS = 15_000;
// A timer that is later than this ran in a hidden tab or after a sleep: what arrived meanwhile may
// still wait for its turn.
const LATE_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;
// Reset the back-off after a connection that lasted this long.
const STABLE_AFTER_MS = 5_000;

/** The reasons behind close codes (P12). */
const REASONS = new Map([
  [1001, say('restarting')],
  [1008, say('closedByServer')],
  [1009, say('editTooLarge')],
  [1012, say('restarting')],
  [OVERLOADED, say('busy')],
]);
const TOO_MANY_CONNECTIONS = 'too many connections from one address';
/** @type {Map<number, [kind: Refusal, reason: string]>} */
const REFUSALS = new Map([
  [4401, ['signed out', say('accessEnded')]],
  [4404, ['no access', say('noDocument')]],
  [4410, ['deleted', say('documentDeleted')]],
]);

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  after: (callback, ms) => setTimeout(callback, ms),
  cancel: (timer) => clearTimeout(/** @type {number} */ (timer)),
  random: Math.random,
};

export class Connection {
  /** @type {ConnectionState} */
  #state = { name: 'connecting' };
  /** @type {ConnectionState | null} what the listener sees until the server lets this page in again */
  #refused = null;
  #url;
  #listener;
  #WebSocket;
  #clock;
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #openedMs = 0;
  /** Since when something should arrive. @type {number | null} */
  #askedMs = null;
  #dueMs = 0;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {typeof WebSocket} [socketClass]
   * @param {Clock} [clock]
   */
  constructor(url, listener, socketClass = WebSocket, clock = systemClock) {
    this.#url = url;
    this.#listener = listener;
    this.#WebSocket = socketClass;
    this.#clock = clock;
  }

  get state() {
    return this.#refused ?? this.#state;
  }

  open() {
    this.#enter({ name: 'connecting' });
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#askedMs = this.#clock.now();
    this.#schedule(() => this.#checkAlive(), PING_EVERY_MS);
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = (event) => this.#disconnected(socket, event.code, event.reason);
  }

  /** Connect or check now: the network is back, the page is visible again, or the user asks. */
  wake() {
    // A socket that died during sleep is detected by its missing answer.
    if (this.#state.name === 'open') this.#checkAlive();
    else if (this.#state.name !== 'connecting' && this.#state.name !== 'moved') this.open();
  }

  /** @param {object} message */
  send(message) {
    // A socket that is closing would only complain; its close event is about to come.
    if (this.#state.name === 'open' && this.#socket?.readyState === OPEN)
      this.#socket.send(JSON.stringify(message));
  }

  /** Replace the socket: it is unresponsive, or violated the protocol. */
  drop() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#disconnected(socket, 1006); // without waiting for the peer, which may be gone
  }

  /** Close the socket until `wake`. Messages already sent still arrive. */
  close() {
    const socket = this.#socket;
    const wasOpen = this.#state.name === 'open';
    this.#socket = null;
    this.#clock.cancel(this.#timer);
    socket?.close();
    this.#enter({ name: 'closed' });
    if (wasOpen) this.#listener.closed();
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#openedMs = this.#clock.now();
    this.#askedMs = null;
    this.#enter({ name: 'open' });
    this.#listener.opened();
  }

  /** @param {WebSocket} socket @param {string} data */
  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.#askedMs = null;
    if (this.#refused) {
      this.#refused = null;
      this.#listener.changed(this.#state);
    }
    const message = JSON.parse(data);
    if (message.type !== 'pong') this.#listener.received(message);
  }

  /** Ask the server for an answer, or give up a socket on which none came. */
  #checkAlive() {
    const nowMs = this.#clock.now();
    const isLate = nowMs - this.#dueMs > LATE_MS;
    const isUnanswered = this.#askedMs !== null && nowMs - this.#askedMs >= ANSWER_MAX_MS;
    this.#schedule(() => this.#checkAlive(), isUnanswered ? LOOK_AGAIN_MS : PING_EVERY_MS);
    if (!isUnanswered) {
      this.send({ type: 'ping' });
      this.#askedMs ??= nowMs;
    } else if (!isLate) {
      this.drop();
    }
  }

  /** @param {WebSocket} socket @param {number} code @param {string} [reason] */
  #disconnected(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const wasOpen = this.#state.name === 'open';
    if (wasOpen && this.#clock.now() - this.#openedMs >= STABLE_AFTER_MS) this.#failures = 0;
    this.#clock.cancel(this.#timer);
    const refusal = REFUSALS.get(code);
    if (code === RENAMED && reason) this.#enter({ name: 'moved', document: reason });
    else if (refusal) this.#enter({ name: 'refused', kind: refusal[0], reason: refusal[1] });
    else if (code === OVERLOADED && reason === TOO_MANY_CONNECTIONS)
      this.#retryLater(say('tooManyConnections'));
    else this.#retryLater(REASONS.get(code) ?? '');
    if (wasOpen) this.#listener.closed();
  }

  /** Back off exponentially, with full jitter: clients of one server must not reconnect in step. */
  #retryLater(/** @type {string} */ reason) {
    const max = Math.min(BACKOFF_FIRST_MS * 2 ** this.#failures++, BACKOFF_MAX_MS);
    const delay = max * this.#clock.random();
    this.#schedule(() => this.open(), delay);
    this.#enter({ name: 'waiting', untilMs: this.#clock.now() + delay, reason });
  }

  /** @param {() => void} callback @param {number} ms */
  #schedule(callback, ms) {
    this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(callback, ms);
    this.#dueMs = this.#clock.now() + ms;
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.#state = state;
    if (state.name === 'refused') this.#refused = state;
    else if (state.name !== 'connecting' && state.name !== 'open') this.#refused = null;
    this.#listener.changed(this.state);
  }
}
