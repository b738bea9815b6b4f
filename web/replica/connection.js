// One websocket that is always wanted: opened anew after every loss, forever, with growing pauses.
// It carries JSON and knows no message but `ping`. Clock and socket class come from outside.
//
//   connecting ──open──> open ──close, silence──> waiting ──time, wake()──> connecting
//                                    └─ refused for good ──> refused ──wake()──> connecting
//                           close(), from anywhere ──> closed ──wake()──> connecting

/** @typedef {(callback: () => void, ms: number) => unknown} SetTimer */
/**
 * @typedef {{now: () => number, after: SetTimer, cancel: (timer: unknown) => void,
 *   random: () => number}} Clock
 * @typedef {{name: 'connecting'} | {name: 'open'} | {name: 'closed'}
 *   | {name: 'waiting', untilMs: number, reason: string}
 *   | {name: 'refused', reason: string}} ConnectionState
 * @typedef {{opened: () => void, closed: () => void, received: (message: any) => void,
 *   changed: (state: ConnectionState) => void}} Listener
 */

const PAUSE_FIRST_MS = 500;
const PAUSE_MOST_MS = 30_000;
const PING_EVERY_MS = 15_000;
const SILENCE_MOST_MS = 35_000;
// A socket that was open this long was a good one: the next pause is a short one again.
const GOOD_AFTER_MS = 5_000;

/** What close codes mean (P12). */
const REASONS = new Map([
  [1001, 'The server is restarting'],
  [1008, 'The server closed the connection'],
  [1009, 'Your last edit is too large to send'],
  [1013, 'The server is busy'],
]);
const REFUSALS = new Map([
  [4401, 'Sign in to edit this document.'],
  [4404, 'This document doesn’t exist.'],
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
  #url;
  #listener;
  #WebSocket;
  #clock;
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #openedMs = 0;
  #heardMs = 0;
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
    return this.#state;
  }

  open() {
    this.#enter({ name: 'connecting' });
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#heardMs = this.#clock.now();
    this.#schedule(() => this.#beat(), PING_EVERY_MS);
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  /** Try at once: the network is back, the page is seen again, or the user asks. */
  wake() {
    // A socket that slept through it is found out soon.
    if (this.#state.name === 'open') this.#beat();
    else if (this.#state.name !== 'connecting') this.open();
  }

  /** @param {object} message */
  send(message) {
    if (this.#state.name === 'open') this.#socket?.send(JSON.stringify(message));
  }

  /** Give this socket up and open another: it is silent, or spoke nonsense. */
  drop() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#lost(socket, 1006); // without waiting for a peer that may be gone
  }

  /** Be without a socket until `wake`. What was sent still arrives. */
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
    this.#openedMs = this.#heardMs = this.#clock.now();
    this.#enter({ name: 'open' });
    this.#listener.opened();
  }

  /** @param {WebSocket} socket @param {string} data */
  #heard(socket, data) {
    if (socket !== this.#socket) return;
    this.#heardMs = this.#clock.now();
    const message = JSON.parse(data);
    if (message.type !== 'pong') this.#listener.received(message);
  }

  #beat() {
    this.#schedule(() => this.#beat(), PING_EVERY_MS);
    if (this.#clock.now() - this.#heardMs >= SILENCE_MOST_MS) this.drop();
    else this.send({ type: 'ping' });
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const wasOpen = this.#state.name === 'open';
    if (wasOpen && this.#clock.now() - this.#openedMs >= GOOD_AFTER_MS) this.#failures = 0;
    this.#clock.cancel(this.#timer);
    const refusal = REFUSALS.get(code);
    if (refusal) this.#enter({ name: 'refused', reason: refusal });
    else this.#pause(REASONS.get(code) ?? '');
    if (wasOpen) this.#listener.closed();
  }

  /** Exponential, with full jitter: many clients of one server must not come back as one. */
  #pause(/** @type {string} */ reason) {
    const most = Math.min(PAUSE_FIRST_MS * 2 ** this.#failures++, PAUSE_MOST_MS);
    const pause = most * this.#clock.random();
    this.#schedule(() => this.open(), pause);
    this.#enter({ name: 'waiting', untilMs: this.#clock.now() + pause, reason });
  }

  /** @param {() => void} callback @param {number} ms */
  #schedule(callback, ms) {
    this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(callback, ms);
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.#state = state;
    this.#listener.changed(state);
  }
}
