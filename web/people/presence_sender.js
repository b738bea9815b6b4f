// Telling the others where the user's caret is: at most ten times a second, and always the last.

const EVERY_MS = 100;

export class PresenceSender {
  #clock;
  #tell;
  #dueMs = 0;
  /** @type {unknown} */
  #timer = null;

  /** @param {() => void} tell @param {import('../replica/connection.js').Clock} clock */
  constructor(tell, clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  changed() {
    if (this.#timer !== null) return;
    const waitMs = Math.max(0, this.#dueMs - this.#clock.now());
    this.#timer = this.#clock.after(() => {
      this.#timer = null;
      this.#dueMs = this.#clock.now() + EVERY_MS;
      this.#tell();
    }, waitMs);
  }
}
