// Holding the changes of others, for users whom a moving text distracts: a button in the list of
// people, and a notice with the number of waiting changes. The user's own changes are still sent.

import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';

/**
 * @typedef {{held: (isHolding: boolean) => void, changed: () => void,
 *   announce: (sentence: string) => void}} HoldListener changed: `waiting` has changed
 */

const SHOWN_EVERY_MS = 1_000;

export class Hold {
  #listener;
  #notices;
  #button = byId('hold', HTMLButtonElement);
  /** @type {number | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /** @param {import('../ui/notice_bar.js').NoticeBar} notices @param {HoldListener} listener */
  constructor(notices, listener) {
    this.#notices = notices;
    this.#listener = listener;
    this.#button.onclick = () => this.#toggle();
  }

  /** The number of changes on hold, or null if they are shown. */
  get waiting() {
    return this.#waiting;
  }

  /** Count a change that arrived. */
  updateReceived() {
    if (this.#waiting === null) return;
    this.#waiting++;
    // Not at every letter of theirs: this is for people whom movement distracts.
    this.#timer ??= setTimeout(() => this.#show(), SHOWN_EVERY_MS);
  }

  #toggle() {
    this.#waiting = this.#waiting === null ? 0 : null;
    const isHolding = this.#waiting !== null;
    this.#listener.announce(say(isHolding ? 'holding' : 'released'));
    this.#listener.held(isHolding);
    this.#show();
  }

  #show() {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const count = this.#waiting;
    setText('hold-label', say(count === null ? 'hold' : 'showHeld'));
    const action = { label: say('showHeld'), run: () => this.#toggle() };
    const more = count ? say('heldCount', { count }) : '';
    this.#notices.show(
      'hold',
      count === null ? null : { icon: 'pause', what: say('held'), more, action },
    );
    this.#listener.changed();
  }
}
