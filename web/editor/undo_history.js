// The undo history of the user's own changes, independent of others' changes in between. The
// browser's own history cannot do that: it does not know about changes by script, and after one its
// redo writes old text to wrong places (Chromium and WebKit).
//
//   done:   ... e2 <─ e1 <─ text now ─> r1 ─> r2 ...   :undone
//
// Each entry is a change that applies after those between it and the current text. A change by others
// is carried through both lists (`transform`): an entry never removes what others wrote, and no longer
// contains what they removed. Pure; positions are code points.

import { compose, invert } from '../text/splices.js';
import { transform } from '../text/transform.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {'typing' | 'deleting' | 'composing' | 'other'} EditKind an edit joins the step before it if
 *   it has the same kind and place, and follows soon after (`composing` also later); `other` never does
 * @typedef {{splices: readonly Splice[], kind: EditKind, atMs: number, place: number}} Entry place: the
 *   caret after the edit
 */

const ENTRIES_MAX = 500;
const PAUSE_MAX_MS = 700;

export class UndoHistory {
  /** @type {Entry[]} */
  #done = [];
  /** @type {Entry[]} */
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }
  get canRedo() {
    return this.#undone.length > 0;
  }

  /**
   * The user changed the text.
   *
   * @param {string} before
   * @param {readonly Splice[]} splices
   * @param {EditKind} kind
   * @param {number} nowMs
   */
  record(before, splices, kind, nowMs) {
    if (splices.length === 0) return;
    const last = this.#done.at(-1);
    const undoing = invert(before, splices);
    const [start, added] = /** @type {Splice} */ (undoing[0]);
    const place = start + added;
    this.#undone = [];
    if (last && isMoreOf(last, splices, kind, nowMs)) {
      this.#done[this.#done.length - 1] = {
        splices: compose(undoing, last.splices),
        kind,
        atMs: nowMs,
        place,
      };
      return;
    }
    this.#done.push({ splices: undoing, kind, atMs: nowMs, place });
    if (this.#done.length > ENTRIES_MAX) this.#done.shift();
  }

  /** End the current step: the next edit starts a new one. */
  pause() {
    const last = this.#done.at(-1);
    if (last) last.kind = 'other';
  }

  /** Others changed the text. @param {readonly Splice[]} splices */
  shift(splices) {
    this.#done = shifted(this.#done, splices);
    this.#undone = shifted(this.#undone, splices);
  }

  /**
   * Undo the last step.
   *
   * @param {string} text the current one
   * @returns {readonly Splice[]} the change to apply; empty if there is nothing to undo
   */
  undo(text) {
    return move(text, this.#done, this.#undone);
  }

  /** Redo the step undone last. @param {string} text the current one */
  redo(text) {
    return move(text, this.#undone, this.#done);
  }
}

/**
 * @param {string} text
 * @param {Entry[]} from
 * @param {Entry[]} to
 */
function move(text, from, to) {
  const entry = from.pop();
  if (!entry) return [];
  to.push({ splices: invert(text, entry.splices), kind: 'other', atMs: 0, place: 0 });
  return entry.splices;
}

/** @param {Entry[]} entries the last one applies first @param {readonly Splice[]} splices */
function shifted(entries, splices) {
  /** @type {Entry[]} */
  const result = [];
  let over = splices;
  for (const entry of entries.toReversed()) {
    const moved = transform(entry.splices, over, false);
    const [place] = /** @type {[Splice]} */ (transform([[entry.place, 0, ' ']], over, true));
    over = transform(over, entry.splices, true);
    if (moved.length > 0) result.push({ ...entry, splices: moved, place: place[0] });
  }
  return result.reverse();
}

/**
 * Whether a change joins the last step.
 *
 * @param {Entry} last
 * @param {readonly Splice[]} splices
 * @param {EditKind} kind
 * @param {number} nowMs
 */
function isMoreOf(last, splices, kind, nowMs) {
  if (kind === 'other' || kind !== last.kind) return false;
  if (kind !== 'composing' && nowMs - last.atMs > PAUSE_MAX_MS) return false;
  const [first] = splices;
  if (!first || splices.length > 1) return false;
  const [start, deleted] = first;
  return start === last.place || start + deleted === last.place;
}
