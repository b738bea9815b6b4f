// A clock that tests advance by hand.

/** @typedef {{dueMs: number, callback: () => void}} Timer */

export class FakeClock {
  #nowMs = 0;
  /** @type {Set<Timer>} */
  #timers = new Set();
  random = () => 1;

  now = () => this.#nowMs;

  after = (/** @type {() => void} */ callback, /** @type {number} */ ms) => {
    const timer = { dueMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return timer;
  };

  cancel = (/** @type {unknown} */ timer) => {
    this.#timers.delete(/** @type {Timer} */ (timer));
  };

  /** Let time pass without timers; those that were due run at its end, once. @param {number} ms */
  sleep(ms) {
    this.#nowMs += ms;
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= this.#nowMs);
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  /** @param {number} ms */
  pass(ms) {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs);
      const next = due.sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}
