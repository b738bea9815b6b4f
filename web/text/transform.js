// Operational transformation: one change of a text, rewritten to apply after another change of the
// same text. Unlike `rebase` it always succeeds, and ignores words: it is for changes that only have
// to be preserved, such as undo steps.
//
//         first               apply(apply(text, first), transform(second, first, isSecondLeft))
//   text ------> a            === apply(apply(text, second), transform(first, second, !isSecondLeft))
//    |           |
//    | second    | second'    Neither side deletes what the other inserted; what both delete is
//    v  first'   v            deleted once.
//    b ------> result

import { pointsIn } from './points.js';

/** @typedef {import('./splices.js').Splice} Splice */
/** @typedef {{kind: 'keep' | 'delete', length: number} | {kind: 'insert', text: string}} Part */

/**
 * @param {readonly Splice[]} splices
 * @param {readonly Splice[]} over against the same text
 * @param {boolean} isLeft whether insertions go before those of `over` at the same place
 * @returns {Splice[]} against the text after `over`
 */
export function transform(splices, over, isLeft) {
  const [parts, overParts] = [new Parts(splices), new Parts(over)];
  const result = new Builder();
  while (!parts.isDone) {
    const [own, other] = [parts.part, overParts.part];
    if (own.kind === 'insert' && (isLeft || other.kind !== 'insert')) {
      result.insert(own.text);
      parts.next();
    } else if (other.kind === 'insert') {
      result.keep(pointsIn(other.text));
      overParts.next();
    } else if (own.kind !== 'insert') {
      const length = Math.min(own.length, other.length);
      if (other.kind === 'keep') result[own.kind](length);
      parts.skip(length);
      overParts.skip(length);
    }
  }
  return result.splices;
}

/** A change as a sequence of parts that covers the whole text, and is endless behind the last splice. */
class Parts {
  /** @type {Part[]} */
  #parts = [];

  /** @param {readonly Splice[]} splices */
  constructor(splices) {
    let position = 0;
    for (const [start, deleted, inserted] of splices) {
      if (start > position) this.#parts.push({ kind: 'keep', length: start - position });
      if (inserted) this.#parts.push({ kind: 'insert', text: inserted });
      if (deleted) this.#parts.push({ kind: 'delete', length: deleted });
      position = start + deleted;
    }
    this.#parts.reverse(); // the next one is popped from the end
  }

  get isDone() {
    return this.#parts.length === 0;
  }

  /** @returns {Part} */
  get part() {
    return this.#parts.at(-1) ?? { kind: 'keep', length: Number.POSITIVE_INFINITY };
  }

  next() {
    this.#parts.pop();
  }

  /** @param {number} length at most that of the part */
  skip(length) {
    const { part } = this;
    if (part.kind === 'insert' || part.length === Number.POSITIVE_INFINITY) return;
    this.#parts.pop();
    if (part.length > length) this.#parts.push({ ...part, length: part.length - length });
  }
}

class Builder {
  /** @type {Splice[]} */
  splices = [];
  #position = 0;

  /** @param {number} length */
  keep(length) {
    this.#position += length;
  }

  /** @param {number} length */
  delete(length) {
    this.#open()[1] += length;
    this.#position += length;
  }

  /** @param {string} text */
  insert(text) {
    this.#open()[2] += text;
  }

  /** The splice that ends at the current position. */
  #open() {
    const last = this.splices.at(-1);
    if (last && last[0] + last[1] === this.#position) return last;
    /** @type {Splice} */
    const fresh = [this.#position, 0, ''];
    this.splices.push(fresh);
    return fresh;
  }
}
