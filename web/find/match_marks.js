// What is drawn over the matches in view.

import { visibleLines } from '../editor/visible_lines.js';

/** @typedef {import('../editor/overlay.js').Frame} Frame */
/** @typedef {import('./matches.js').Stretch} Stretch */

/**
 * @param {import('./matches.js').Matches} matches
 * @param {Frame} frame
 * @param {number} height of the view, in pixels
 */
export function marksOf(matches, frame, height) {
  const { starts } = visibleLines(frame, height);
  const [first, last] = [starts[0], starts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const newline = frame.geometry.text.indexOf('\n', last);
  const part = { start: first, end: newline < 0 ? frame.view.end : newline };
  const { current } = matches;
  return [
    ...matches.within(part).flatMap((match) => boxesOf('found', match, frame)),
    ...(current ? boxesOf('found current', current, frame) : []),
  ];
}

/** @param {string} kind @param {Stretch} match @param {Frame} frame */
function boxesOf(kind, { start, end }, frame) {
  if (start < end) return frame.boxes(kind, { start, end });
  return frame.boxes(`${kind} empty`, { start, end: end + 1 });
}
