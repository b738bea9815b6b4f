// Sends the user's caret position to the others: at most ten times a second, the last one always.

const EVERY_MS = 100;

export class PresenceSender {
  #clock;
  #send;
  #dueMs = 0;
  /** @type {unknown} */
  #timer = null;

  /** @param {() => void} send @param {import('../replica/connection.js').Clock} clock */
  constructor(send, clock) {
    this.#send = send;
    this.#clock = clock;
  }

  changed() {
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#dueMs - this.#clock.now());
    this.#timer = this.#clock.after(() => {
      this.#timer = null;
      this.#dueMs = this.#clock.now() + EVERY_MS;
      this.#send();
    }, waitMs);
  }
}
