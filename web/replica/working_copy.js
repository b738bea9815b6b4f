// The text that the editor shows, and the last one that the server knows: what Git calls a working
// copy and what it was checked out from. It goes from one revision to the next under the user's
// hands. Pure; it knows the server's splices, and nothing of when they come.

import { checkOf } from '../text/checksum.js';
import { diffSplices } from '../text/diff_splices.js';
import { mergeKeepingAll, rebase, uprooted } from '../text/rebase.js';
import { apply, compose, mapPosition } from '../text/splices.js';
import { transform } from '../text/transform.js';
import { EditTrail } from './edit_trail.js';
import { hasAll, withMissing } from './missing.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {{commit: string | null, text: string, isRevision: boolean}} Known commit null: nothing
 *   that the server would know
 * @typedef {{known: Known, local: string}} Lost what the server had and has no longer: its text, and
 *   the same with everything that it lacks
 */

const encoder = new TextEncoder();

export class WorkingCopy {
  /** @type {Known} */
  known;
  /** @type {Known | null} */
  #newest = null;
  /** @type {readonly Splice[] | null} what makes the newest text of the known one, if that was told */
  #remote = null;
  #local;
  #trail = new EditTrail();

  /** @param {Known} [known] @param {string} [local] */
  constructor(known = { commit: null, text: '', isRevision: false }, local = '') {
    this.known = known;
    this.#local = local;
  }

  /** What the editor shows. */
  get local() {
    return this.#local;
  }

  /** @param {string} text @param {readonly Splice[] | null} splices null: nobody knows how */
  edited(text, splices) {
    this.#local = text;
    this.#trail.step(splices);
  }

  /** What makes the local text of one that it came from. @param {string} text @returns {readonly Splice[]} */
  changeSince(text) {
    return this.#trail.since(text) ?? diffSplices(text, this.#local);
  }

  /** The local text will be asked about: the server is told of it. */
  mark() {
    this.#trail.mark(this.#local);
  }

  /** A position of the local text in the text at `known`. @param {number} position */
  toKnown(position) {
    return mapPosition(diffSplices(this.#local, this.known.text), position);
  }

  /** A position of the text at `newest` in the local text. @param {number} position */
  toLocal(position) {
    return mapPosition(diffSplices(this.newest.text, this.#local), position);
  }

  /** Change the local text by script. @param {readonly Splice[]} splices @returns them */
  change(splices) {
    this.#local = apply(this.#local, splices);
    this.#trail.step(splices);
    return splices;
  }

  /** The newest revision that was heard of: `known`, or one that is not shown yet. */
  get newest() {
    return this.#newest ?? this.known;
  }

  get isBehind() {
    return this.#newest !== null;
  }

  /**
   * @param {string} revision
   * @param {string} text
   * @param {readonly Splice[] | null} [splices] what makes the text of the one at `newest`; null:
   *   comparing tells
   */
  receiveRevision(revision, text, splices = null) {
    const before = this.#newest ? this.#remote : [];
    this.#remote = before && splices && compose(before, splices);
    this.#newest = { commit: revision, text, isRevision: true };
  }

  /** What was heard and is not shown yet is told again by an answer that is due. */
  dropNewest() {
    this.#newest = null;
  }

  /**
   * Go from `known` to the newest revision, keeping what was typed since.
   *
   * @returns {readonly Splice[] | null} what changed locally; null: the same words were typed over
   *   and nothing changed, which only the server can merge
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
   * Go from a commit that the server does not know to the text that it has. What was typed since
   * stays, but for what was typed within words that the server lacks: that goes with them.
   *
   * @param {string} revision
   * @param {string} text
   * @returns {{splices: readonly Splice[], lost: Lost | null}} what changed locally; lost: null if
   *   the server has everything
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
    const lost = uprooted(before, local, remote);
    const kept = local.filter((splice) => !lost.includes(splice));
    const after = apply(text, transform(kept, remote, true));
    const whole = withMissing(text, apply(before, lost));
    const splices = this.change(diffSplices(this.#local, after));
    return { splices, lost: { known: this.known, local: whole } };
  }
}

/**
 * The text that the server's splices lead to, or null where they do not fit or do not give what
 * they should.
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
 * Why a text is too large to be sent, or null if it is not.
 *
 * @param {string} text
 * @param {string} before a step out of being too large already is welcome
 * @param {number} mostBytes
 */
export function sizeProblem(text, before, mostBytes) {
  if (text.length * 3 <= mostBytes) return null;
  const size = encoder.encode(text).length;
  if (size <= mostBytes || size < encoder.encode(before).length) return null;
  const [is, most, over] = [size, mostBytes, size - mostBytes].map((it) => it.toLocaleString('en'));
  return `This document is too large to save (${is} of ${most} bytes). Shorten it by ${over} bytes.`;
}
