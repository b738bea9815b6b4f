// One change of a text, as it is after another change of the same text (operational
// transformation). Unlike `rebase` it always answers, and knows no words: it is for changes that
// only have to stay what they are, such as the steps of an undo.
//
//         first               apply(apply(text, first), transform(second, first, isSecondLeft))
//   text ------> a            === apply(apply(text, second), transform(first, second, !isSecondLeft))
//    |           |
//    | second    | second'    What one side inserted the other never deletes; what both delete is
//    v  first'   v            deleted once.
//    b ------> result

import { pointsIn } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */
/** @typedef {{kind: 'keep' | 'delete', length: number} | {kind: 'insert', text: string}} Part */

/**
 * @param {readonly Splice[]} splices
 * @param {readonly Splice[]} over against the same text
 * @param {boolean} isLeft whether an insertion goes in front of one that `over` makes at its place
 * @returns {Splice[]} against the text after `over`
 */
export function transform(splices, over, isLeft) {
  const [mine, others] = [new Parts(splices), new Parts(over)];
  const result = new Builder();
  while (!mine.isDone) {
    const [own, other] = [mine.part, others.part];
    if (own.kind === 'insert' && (isLeft || other.kind !== 'insert')) {
      result.insert(own.text);
      mine.next();
    } else if (other.kind === 'insert') {
      result.keep(pointsIn(other.text));
      others.next();
    } else if (own.kind !== 'insert') {
      const length = Math.min(own.length, other.length);
      if (other.kind === 'keep') result[own.kind](length);
      mine.skip(length);
      others.skip(length);
    }
  }
  return result.splices;
}

/** The whole text as what becomes of it, from the left; endless behind the last splice. */
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
    this.#parts.reverse(); // so that the next one can be popped
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

  /** @param {number} length no more than the part has */
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

  /** The splice that ends here. */
  #open() {
    const last = this.splices.at(-1);
    if (last && last[0] + last[1] === this.#position) return last;
    /** @type {Splice} */
    const fresh = [this.#position, 0, ''];
    this.splices.push(fresh);
    return fresh;
  }
}
