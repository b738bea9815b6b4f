// Keeps the text that was last seen while its page is connected: looks every few seconds, and when
// the page is hidden. Pure: texts and times are injected.

/** @typedef {import('../replica/working_copy.js').Known} Known */
/**
 * @typedef {object} Shown what a page tells of its document
 * @property {string} document
 * @property {() => Known} newest the newest revision that it has received
 * @property {() => boolean} isOnline
 * @property {() => boolean} isViewOnly
 */
/** @typedef {Pick<import('./kept_texts.js').KeptTexts, 'put' | 'forget' | 'clear'>} Texts */

export const LOOK_MS = 5_000;
// How old the stored time of the text may get.
export const SEEN_MS = 60_000;

export class TextKeeper {
  #shown;
  #owner;
  #texts;
  #after;
  #titleOf;
  #timeMs;
  /** @type {string | null} the revision that is kept */
  #revision = null;
  #seenMs = Number.NEGATIVE_INFINITY;
  #hasStopped = false;

  /**
   * @param {Shown} shown
   * @param {string} owner for whom the text is kept
   * @param {{texts: Texts, after: import('../replica/connection.js').SetTimer, titleOf: (text: string) => string,
   *   timeMs: () => number}} tools
   */
  constructor(shown, owner, { texts, after, titleOf, timeMs }) {
    this.#shown = shown;
    this.#owner = owner;
    this.#texts = texts;
    this.#after = after;
    this.#titleOf = titleOf;
    this.#timeMs = timeMs;
    this.#lookAgain();
  }

  #lookAgain() {
    if (this.#hasStopped) return;
    this.look();
    this.#after(() => this.#lookAgain(), LOOK_MS);
  }

  /** Keep the text if it is new, and the time. */
  look() {
    const { commit, text, isRevision } = this.#shown.newest();
    if (this.#hasStopped || !this.#shown.isOnline() || commit === null || !isRevision) return;
    const [isNew, seenMs] = [commit !== this.#revision, this.#timeMs()];
    if (!isNew && seenMs - this.#seenMs < SEEN_MS) return;
    this.#revision = commit;
    this.#seenMs = seenMs;
    const kept = {
      document: this.#shown.document,
      title: this.#titleOf(text),
      revision: commit,
      seenMs,
      owner: this.#owner,
      isViewOnly: this.#shown.isViewOnly(),
      length: text.length,
    };
    this.#texts.put(kept, isNew ? text : null);
  }

  /** The server does not let the user in any more. @param {import('../replica/connection.js').Refusal} kind */
  refused(kind) {
    this.#revision = null; // kept again if it does
    this.#seenMs = Number.NEGATIVE_INFINITY;
    if (kind === 'signed out') this.#texts.clear();
    else this.#texts.forget(this.#shown.document);
  }

  /** The user signs out. */
  stop() {
    this.#hasStopped = true;
    this.#texts.clear();
  }
}
