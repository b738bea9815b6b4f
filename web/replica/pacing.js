// When the user's edits are sent, and when others' edits are shown.
//
// Send: at once if others are here; otherwise after a short pause in typing, or at the latest after
// a second of steady typing. Since only one edit is outstanding, a slow connection automatically
// sends fewer, larger edits.
//
// Show: once a frame, and less often in a large text, so that most of the time remains for the
// user's own keys; never while held. What an answer brings is shown before the next edit is sent:
// otherwise someone who types without a pause would never see others' edits.

const PAUSE_MS = 250;
const STEADY_MAX_MS = 1000;
// Showing may take at most a third of the time.
const SHARE = 3;
// A hidden page gets no frames.
const FRAME_MAX_MS = 100;

/** @typedef {import('./connection.js').Clock & {frame: (callback: () => void) => void}} FrameClock */
/** @typedef {{send: () => void, show: () => void}} Actions */
/** @typedef {'composing' | 'paused'} Reason why nothing is shown */

export class Pacing {
  #clock;
  #actions;
  /** @type {unknown} */
  #timer = null;
  /** @type {number | null} when the oldest unsent character was typed */
  #unsentSinceMs = null;
  /** @type {Set<Reason>} */
  #holds = new Set();
  #isShowScheduled = false;
  #hasUnshownAnswer = false;
  #isSendDue = false; // with the next show
  #nextShowMs = 0;

  areOthersHere = false;

  /** @param {Actions} actions @param {FrameClock} clock */
  constructor(actions, clock) {
    this.#actions = actions;
    this.#clock = clock;
  }

  /** The user edited the text. */
  edited() {
    if (this.areOthersHere) {
      if (this.#hasUnshownAnswer) this.#isSendDue = true;
      else this.sendNow();
      return;
    }
    const nowMs = this.#clock.now();
    this.#unsentSinceMs ??= nowMs;
    const leftMs = this.#unsentSinceMs + STEADY_MAX_MS - nowMs;
    this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.after(() => this.sendNow(), Math.max(0, Math.min(PAUSE_MS, leftMs)));
  }

  sendNow() {
    this.#clock.cancel(this.#timer);
    this.#unsentSinceMs = null;
    this.#isSendDue = false;
    this.#actions.send();
  }

  /** Others' edits arrived. */
  updateReceived() {
    if (this.#isShowScheduled || this.#holds.size > 0) return;
    this.#isShowScheduled = true;
    const frame = () => this.#clock.frame(() => this.#showNow());
    const leftMs = this.#nextShowMs - this.#clock.now();
    if (leftMs > 0) this.#clock.after(frame, leftMs);
    else frame();
  }

  /** The answer to the outstanding request arrived. */
  answerReceived() {
    this.#hasUnshownAnswer = this.#holds.size === 0;
    this.#isSendDue = true;
    if (this.#hasUnshownAnswer) this.updateReceived();
    else this.edited();
  }

  /** Show nothing until `release`. @param {Reason} reason */
  hold(reason) {
    this.#holds.add(reason);
    if (this.#hasUnshownAnswer) {
      this.#hasUnshownAnswer = false;
      this.edited();
    }
  }

  /** @param {Reason} reason */
  release(reason) {
    if (this.#holds.delete(reason)) this.updateReceived();
  }

  #showNow() {
    this.#isShowScheduled = false;
    this.#hasUnshownAnswer = false;
    if (this.#holds.size === 0) {
      const startMs = this.#clock.now();
      this.#actions.show();
      const nowMs = this.#clock.now();
      this.#nextShowMs = nowMs + (nowMs - startMs) * (SHARE - 1);
    }
    if (this.#isSendDue) this.edited();
  }
}

/**
 * A clock with frames, which a timer replaces while the page gets none.
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
      clock.after(once, FRAME_MAX_MS);
    },
  };
}
