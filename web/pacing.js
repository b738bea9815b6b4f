// When what was typed is sent: at once where others are waiting to see it, otherwise after a short
// pause, and at the latest after a while of steady typing. One outstanding edit at a time does the
// rest: a slow connection sends fewer, larger edits by itself.

const PAUSE_MS = 250;
const STEADY_MOST_MS = 1000;

export class Pacing {
  #clock;
  #send;
  /** @type {unknown} */
  #timer = null;
  /** @type {number | null} when the oldest unsent letter was typed */
  #sinceMs = null;
  /** Whether somebody else is here. */
  hasCompany = false;

  /**
   * @param {() => void} send
   * @param {import('./connection.js').Clock} clock
   */
  constructor(send, clock) {
    this.#send = send;
    this.#clock = clock;
  }

  typed() {
    if (this.hasCompany) return this.sendNow();
    const nowMs = this.#clock.now();
    this.#sinceMs ??= nowMs;
    const leftMs = this.#sinceMs + STEADY_MOST_MS - nowMs;
    this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(() => this.sendNow(), Math.max(0, Math.min(PAUSE_MS, leftMs)));
  }

  sendNow() {
    this.#clock.cancel(this.#timer);
    this.#sinceMs = null;
    this.#send();
  }
}
