// The lines of a text that are in the view of the textarea.

/** @typedef {import('./geometry.js').Stretch} Stretch */
/** @typedef {import('./geometry.js').Caret} Caret */

/**
 * @param {import('./overlay.js').Frame} frame
 * @param {number} height of the view, in pixels
 * @returns {{starts: number[], before: number}} starts: the offsets of the lines in view, and of the one
 *   that is cut off above; before: the number of lines between the start of the frame's view and them
 */
export function visibleLines({ geometry, view }, height) {
  const { text } = geometry;
  const starts = [view.start];
  for (
    let at = text.indexOf('\n', view.start);
    at >= 0 && at < view.end;
    at = text.indexOf('\n', at + 1)
  )
    starts.push(at + 1);
  const firstBelow = (/** @type {number} */ y) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (geometry.caretAt(Number(starts[middle])).y < y) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const before = Math.max(0, firstBelow(0) - 1);
  return { starts: starts.slice(before, firstBelow(height)), before };
}
