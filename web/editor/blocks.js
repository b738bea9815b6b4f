// A large text as blocks of whole lines, so that the measured height of a block stays valid when the
// text changes elsewhere. Pure. Only the newest text is kept.

/** @typedef {{length: number, height: number | null}} Block height null: not measured yet */

const LENGTH_MIN = 4096;

export class Blocks {
  #text = '';
  /** @type {Block[]} */
  #blocks = [{ length: 0, height: null }];

  get text() {
    return this.#text;
  }

  /** The blocks: their lengths add up to the text's, and all but the last end with a newline. */
  get all() {
    return /** @type {readonly Block[]} */ (this.#blocks);
  }

  /** Discard the heights, which are no longer valid. */
  clearHeights() {
    for (const block of this.#blocks) block.height = null;
  }

  /** Adopt a new text. @param {string} text */
  update(text) {
    if (text === this.#text) return;
    const [old, blocks] = [this.#text, this.#blocks];
    let [first, start] = [0, 0];
    for (; first < blocks.length - 1; first++) {
      const end = start + lengthOf(blocks, first);
      if (old.slice(start, end) !== text.slice(start, end)) break;
      start = end;
    }
    let [last, end] = [blocks.length, text.length];
    for (const shift = text.length - old.length; last > first; last--) {
      const from = end - lengthOf(blocks, last - 1);
      const isKept = from > start && old.slice(from - shift, end - shift) === text.slice(from, end);
      // A block starts at the start of a line.
      if (!isKept || text[from - 1] !== '\n') break;
      end = from;
    }
    const isLast = last === blocks.length;
    this.#blocks.splice(first, last - first, ...cut(text, start, end, isLast));
    this.#text = text;
  }
}

/** @param {readonly Block[]} blocks @param {number} index */
function lengthOf(blocks, index) {
  return /** @type {Block} */ (blocks[index]).length;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {boolean} isLast whether the text ends here; its last block may be empty
 */
function cut(text, start, end, isLast) {
  /** @type {Block[]} */
  const blocks = [];
  let from = start;
  while (from < end) {
    const newline = text.indexOf('\n', from + LENGTH_MIN);
    const until = newline < 0 || newline >= end ? end : newline + 1;
    blocks.push({ length: until - from, height: null });
    from = until;
  }
  const endsOpen = blocks.length === 0 || text.endsWith('\n');
  if (isLast && endsOpen) blocks.push({ length: 0, height: null });
  return blocks;
}
