// Finds the place of a change in the current text, and the edit that takes only this change back.
// Pure; positions are code points.

import { diffSplices } from '../text/diff_splices.js';
import { mapPosition } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */

/**
 * The splices that bring back the words from before a change, or null if the place has changed since.
 *
 * @param {import('./changes.js').Change} change
 * @param {string} text the one that the change led to
 * @param {string} current
 * @returns {Splice[] | null}
 */
export function bringingBack({ start, end, before, after }, text, current) {
  const since = diffSplices(text, current);
  if (since.some((splice) => touches(splice, start, end))) return null;
  const place = mapPosition(since, start, after !== '');
  return [[place, end - start, before]];
}

/** Whether a splice changed the words from `start` to `end`; or, if there are none, what is beside. @param {Splice} splice @param {number} start @param {number} end */
function touches([at, deleted], start, end) {
  if (start === end) return at <= start && start <= at + deleted;
  return at < end && at + deleted > start;
}
