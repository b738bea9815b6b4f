// The text in the editor, and the last one that the server knows: like Git's working copy and the
// commit that it was checked out from. It moves from revision to revision while the user types.
// Pure: it knows the server's splices, but not when they arrive.

import { bytesIn, checkOf } from '../text/checksum.js';
import { diffSplices } from '../text/diff_splices.js';
import { displaced, mergeKeepingAll, rebase } from '../text/rebase.js';
import { say } from '../text/say.js';
import { apply, compose, mapPosition } from '../text/splices.js';
import { transform } from '../text/transform.js';
import { EditTrail } from './edit_trail.js';
import { hasAll, withMissing } from './missing.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {{commit: string | null, text: string, isRevision: boolean}} Known commit: null if the
 *   server knows none of it
 * @typedef {{known: Known, local: string}} Lost text that the server once had: known: what it has now;
 *   local: the same with everything that it lacks
 */

export class WorkingCopy {
  /** @type {Known} */
  known;
  /** @type {Known | null} */
  #newest = null;
  /** @type {readonly Splice[] | null} from the known text to the newest, if the server sent them */
  #remote = null;
  #local;
  #trail = new EditTrail();

  /** @param {Known} [known] @param {string} [local] */
  constructor(known = { commit: null, text: '', isRevision: false }, local = '') {
    this.known = known;
    this.#local = local;
  }

  /** The text in the editor. */
  get local() {
    return this.#local;
  }

  /** @param {string} text @param {readonly Splice[] | null} splices null if unknown */
  edited(text, splices) {
    this.#local = text;
    this.#trail.step(splices);
  }

  /** The splices from an earlier text to the local one. @param {string} text @returns {readonly Splice[]} */
  changeSince(text) {
    return this.#trail.since(text) ?? diffSplices(text, this.#local);
  }

  /** Remember the local text, which is about to be sent, for `changeSince`. */
  mark() {
    this.#trail.mark(this.#local);
  }

  /** Map a position in the local text to the text at `known`. @param {number} position */
  toKnown(position) {
    return mapPosition(diffSplices(this.#local, this.known.text), position);
  }

  /** Map a position in the text at `newest` to the local text. @param {number} position */
  toLocal(position) {
    return mapPosition(diffSplices(this.newest.text, this.#local), position);
  }

  /** Apply splices to the local text. @param {readonly Splice[]} splices @returns the same splices */
  change(splices) {
    this.#local = apply(this.#local, splices);
    this.#trail.step(splices);
    return splices;
  }

  /** The newest revision received: `known`, or one that is not shown yet. */
  get newest() {
    return this.#newest ?? this.known;
  }

  get isBehind() {
    return this.#newest !== null;
  }

  /**
   * @param {string} revision
   * @param {string} text
   * @param {readonly Splice[] | null} [splices] from the text at `newest` to this one; null if unknown
   */
  receiveRevision(revision, text, splices = null) {
    const before = this.#newest ? this.#remote : [];
    this.#remote = before && splices && compose(before, splices);
    this.#newest = { commit: revision, text, isRevision: true };
  }

  /** Forget a revision that is not shown yet: the pending answer covers it. */
  dropNewest() {
    this.#newest = null;
  }

  /**
   * Move from `known` to the newest revision, keeping the user's edits since.
   *
   * @returns {readonly Splice[] | null} the changes of the local text; null if both sides changed the
   *   same words, which only the server can merge: then nothing changes
   */
  catchUp() {
    if (!this.#newest) return [];
    const { commit, text } = this.known;
    const [local, remote] = [
      this.changeSince(text),
      this.#remote ?? diffSplices(text, this.#newest.text),
    ];
    const rebased = rebase(text, local, remote);
    if (!rebased && commit !== null) return null;
    const splices = rebased
      ? rebased.remote
      : diffSplices(this.#local, mergeKeepingAll(text, local, remote));
    this.known = this.#newest;
    this.#newest = null;
    this.change(splices);
    if (rebased) this.#trail.mark(this.known.text, rebased.local);
    return splices;
  }

  /**
   * Move from a commit that the server does not know to the text that it has. The user's edits since
   * stay, except within words that the server lacks: those become part of `lost`.
   *
   * @param {string} revision
   * @param {string} text
   * @returns {{splices: readonly Splice[], lost: Lost | null}} splices: the changes of the local text;
   *   lost: null if the server has everything
   */
  fallBack(revision, text) {
    const { text: before } = this.known;
    const [local, remote] = [this.changeSince(before), diffSplices(before, text)];
    this.known = { commit: revision, text, isRevision: true };
    this.#newest = null;
    if (hasAll(text, before)) {
      const all = rebase(before, local, remote)?.remote;
      const splices = all ?? diffSplices(this.#local, mergeKeepingAll(before, local, remote));
      return { splices: this.change(splices), lost: null };
    }
    const lost = displaced(before, local, remote);
    const kept = local.filter((splice) => !lost.includes(splice));
    const after = apply(text, transform(kept, remote, true));
    const whole = withMissing(text, apply(before, lost));
    const splices = this.change(diffSplices(this.#local, after));
    return { splices, lost: { known: this.known, local: whole } };
  }
}

/**
 * The text that the server's splices lead to, or null if they do not fit or the checksum differs.
 *
 * @param {{from?: string, splices?: readonly Splice[], check: number}} message
 * @param {Known} known
 */
export function targetOf(message, known) {
  if (message.from !== known.commit || !message.splices) return null;
  try {
    const target = apply(known.text, message.splices);
    return checkOf(target) === message.check ? target : null;
  } catch {
    return null;
  }
}

/**
 * Why a text is too large to send, or null if it is not.
 *
 * @param {string} text
 * @param {string} before a text that shrinks is accepted even if it is still too large
 * @param {number} maxBytes
 */
export function sizeProblem(text, before, maxBytes) {
  if (text.length * 3 <= maxBytes) return null;
  const size = bytesIn(text);
  if (size <= maxBytes || size < bytesIn(before)) return null;
  // Characters differ in size: this many of the average.
  const characters = Math.ceil(((size - maxBytes) * text.length) / size);
  return say('tooLarge', { characters });
}
