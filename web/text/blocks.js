// A large text as blocks of whole lines, so that what is known of a block (its height, its checksum)
// stays valid when the text changes elsewhere. Pure. Only the newest text is kept.

import { commonPrefix, commonSuffix } from './common_ends.js';

/** @template T @typedef {{length: number, value: T | null}} Block value: null if not known yet */

const LENGTH_MIN = 4096;

/** @template T */
export class Blocks {
  #text = '';
  /** @type {Block<T>[]} */
  #blocks = [{ length: 0, value: null }];

  get text() {
    return this.#text;
  }

  /** The blocks: their lengths add up to the text's, and all but the last end with a newline. */
  get all() {
    return /** @type {readonly Block<T>[]} */ (this.#blocks);
  }

  /** Discard the values, which are no longer valid. */
  clear() {
    for (const block of this.#blocks) block.value = null;
  }

  /**
   * The values of all blocks of a text.
   *
   * @param {string} text
   * @param {(part: string) => T} measure computes that of a block which is new
   */
  of(text, measure) {
    this.update(text);
    let end = 0;
    return this.#blocks.map((block) => {
      end += block.length;
      block.value ??= measure(text.slice(end - block.length, end));
      return block.value;
    });
  }

  /** Adopt a new text. @param {string} text */
  update(text) {
    if (text === this.#text) return;
    const [old, blocks] = [this.#text, this.#blocks];
    const [prefix, suffix] = [commonPrefix(old, text), commonSuffix(old, text)];
    let [first, start] = [0, 0];
    for (; first < blocks.length - 1; first++) {
      const end = start + (blocks[first]?.length ?? 0);
      if (end > prefix) break;
      start = end;
    }
    let [last, end] = [blocks.length, text.length];
    for (; last > first; last--) {
      const from = end - (blocks[last - 1]?.length ?? 0);
      // A block starts at the start of a line.
      if (from <= start || from < text.length - suffix || text[from - 1] !== '\n') break;
      end = from;
    }
    const isLast = last === blocks.length;
    this.#blocks.splice(first, last - first, ...cut(text, start, end, isLast));
    this.#text = text;
  }
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {boolean} isLast whether the text ends here; its last block may be empty
 */
function cut(text, start, end, isLast) {
  /** @type {Block<any>[]} */
  const blocks = [];
  let from = start;
  while (from < end) {
    const newline = text.indexOf('\n', from + LENGTH_MIN);
    const until = newline < 0 || newline >= end ? end : newline + 1;
    blocks.push({ length: until - from, value: null });
    from = until;
  }
  const endsOpen = blocks.length === 0 || text.endsWith('\n');
  if (isLast && endsOpen) blocks.push({ length: 0, value: null });
  return blocks;
}
