// What the user did, to be undone and done again: only the user's own changes, however many of
// others came between. The browser's own history cannot do that: it does not know of changes by
// script, and after one its redo writes old text to wrong places (Chromium and WebKit).
//
//   done:   ... e2 <─ e1 <─ text now ─> r1 ─> r2 ...   :undone
//
// Each entry is a change that can be carried out once those between it and the text now have been.
// A change by others is carried through both rows (`transform`): what others wrote is never
// removed by an entry, and what they removed is no longer in it. Pure; positions are code points.

import { compose, invert } from '../text/splices.js';
import { transform } from '../text/transform.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {'typing' | 'deleting' | 'composing' | 'other'} Kind what is one step with what was done
 *   just before: more of the same, at the same place, soon after (`composing` also later); `other`
 *   never
 * @typedef {{splices: readonly Splice[], kind: Kind, atMs: number, place: number}} Entry place: the
 *   caret after it was done
 */

const ENTRIES_MOST = 500;
const PAUSE_MOST_MS = 700;

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
   * @param {Kind} kind
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
    if (this.#done.length > ENTRIES_MOST) this.#done.shift();
  }

  /** What comes next is a step of its own. */
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
   * Take back the last step.
   *
   * @param {string} text as it is now
   * @returns {readonly Splice[]} what to change; nothing if there is nothing
   */
  undo(text) {
    return move(text, this.#done, this.#undone);
  }

  /** Do again what was taken back last. @param {string} text as it is now */
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

/** @param {Entry[]} entries the last of them is the next @param {readonly Splice[]} splices */
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
 * Whether a change goes on with what was done last.
 *
 * @param {Entry} last
 * @param {readonly Splice[]} splices
 * @param {Kind} kind
 * @param {number} nowMs
 */
function isMoreOf(last, splices, kind, nowMs) {
  if (kind === 'other' || kind !== last.kind) return false;
  if (kind !== 'composing' && nowMs - last.atMs > PAUSE_MOST_MS) return false;
  const [first] = splices;
  if (!first || splices.length > 1) return false;
  const [start, deleted] = first;
  return start === last.place || start + deleted === last.place;
}
