// Where a text's offsets are in its page, by the blocks that are shown: within a block in proportion. No
// DOM but the elements' places.

/** @typedef {import('./page_frame.js').Placed} Placed */

/** How far down in the page an offset of the text is. @param {readonly Placed[]} placed @param {number} offset */
export function topIn(placed, offset) {
  const { start, length, element } = blockOf(placed, offset);
  const part = Math.min(1, (offset - start) / Math.max(1, length));
  return offset === 0 ? 0 : element.offsetTop + part * element.offsetHeight;
}

/** The offset in the text that is shown at a height of the page. @param {readonly Placed[]} placed @param {number} top */
export function offsetIn(placed, top) {
  const { start, length, element } = last(placed, (it) => it.element.offsetTop <= top);
  const part = (top - element.offsetTop) / Math.max(1, element.offsetHeight);
  return start + Math.round(Math.min(1, Math.max(0, part)) * length);
}

/** The block of an offset of the text. @param {readonly Placed[]} placed @param {number} offset */
export function blockOf(placed, offset) {
  return last(placed, ({ start }) => start <= offset);
}

/** The last of a sorted list for which something holds, or the first. @template T @param {readonly T[]} list @param {(it: T) => boolean} holds */
function last(list, holds) {
  let [low, high] = [0, list.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (holds(/** @type {T} */ (list[middle]))) low = middle;
    else high = middle - 1;
  }
  return /** @type {T} */ (list[low]);
}
