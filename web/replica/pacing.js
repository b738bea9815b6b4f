// When what was typed is sent, and when what others wrote is shown.
//
// Sent: at once where others are waiting to see it, otherwise after a short pause, and at the
// latest after a while of steady typing. One outstanding edit at a time does the rest: a slow
// connection sends fewer, larger edits by itself.
//
// Shown: once a frame, and in a large text less often, so that most of the time is left for the
// user's own keys; not while it is held up. After an answer what it brings is shown before the next
// edit is sent: who types without a pause would otherwise never see what others write.

const PAUSE_MS = 250;
const STEADY_MOST_MS = 1000;
// Of the time since it was last shown, what showing it may take: one part in so many.
const SHARE = 3;
// A page that is not seen gets no frames.
const FRAME_MOST_MS = 100;

/** @typedef {import('./connection.js').Clock & {frame: (callback: () => void) => void}} FrameClock */
/** @typedef {{send: () => void, show: () => void}} Actions */
/** @typedef {'composing' | 'paused'} Reason why nothing is to be shown */

export class Pacing {
  #clock;
  #actions;
  /** @type {unknown} */
  #timer = null;
  /** @type {number | null} when the oldest unsent letter was typed */
  #sinceMs = null;
  /** @type {Set<Reason>} */
  #holds = new Set();
  #isTurnDue = false;
  #isAnswered = false; // and what the answer brought has not been shown
  #isWanted = false; // something was typed that goes with the next turn
  #freeAtMs = 0;
  /** Whether somebody else is here. */
  hasCompany = false;

  /** @param {Actions} actions @param {FrameClock} clock */
  constructor(actions, clock) {
    this.#actions = actions;
    this.#clock = clock;
  }

  /** Something was typed. */
  typed() {
    if (this.hasCompany) {
      if (this.#isAnswered) this.#isWanted = true;
      else this.sendNow();
      return;
    }
    const nowMs = this.#clock.now();
    this.#sinceMs ??= nowMs;
    const leftMs = this.#sinceMs + STEADY_MOST_MS - nowMs;
    this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(() => this.sendNow(), Math.max(0, Math.min(PAUSE_MS, leftMs)));
  }

  sendNow() {
    this.#clock.cancel(this.#timer);
    this.#sinceMs = null;
    this.#isWanted = false;
    this.#actions.send();
  }

  /** Others wrote something. */
  heard() {
    if (this.#isTurnDue || this.#holds.size > 0) return;
    this.#isTurnDue = true;
    const frame = () => this.#clock.frame(() => this.#takeTurn());
    const leftMs = this.#freeAtMs - this.#clock.now();
    if (leftMs > 0) this.#clock.after(frame, leftMs);
    else frame();
  }

  /** The answer to what was sent is there. */
  answered() {
    this.#isAnswered = this.#holds.size === 0;
    this.#isWanted = true;
    if (this.#isAnswered) this.heard();
    else this.typed();
  }

  /** Until `release`, nothing may change under the user's hands. @param {Reason} reason */
  hold(reason) {
    this.#holds.add(reason);
    if (this.#isAnswered) {
      this.#isAnswered = false;
      this.typed();
    }
  }

  /** @param {Reason} reason */
  release(reason) {
    if (this.#holds.delete(reason)) this.heard();
  }

  #takeTurn() {
    this.#isTurnDue = false;
    this.#isAnswered = false;
    if (this.#holds.size === 0) {
      const startMs = this.#clock.now();
      this.#actions.show();
      const nowMs = this.#clock.now();
      this.#freeAtMs = nowMs + (nowMs - startMs) * (SHARE - 1);
    }
    if (this.#isWanted) this.typed();
  }
}

/**
 * The next frame, or soon where the page gets none.
 *
 * @param {import('./connection.js').Clock} clock
 * @returns {FrameClock}
 */
export function withFrames(clock) {
  return {
    ...clock,
    frame: (callback) => {
      let isDone = false;
      const once = () => {
        if (!isDone) callback();
        isDone = true;
      };
      requestAnimationFrame(once);
      clock.after(once, FRAME_MOST_MS);
    },
  };
}
