// The common ends of two texts, by comparing slices: browsers compare those many times faster than
// a loop compares characters. Lengths are UTF-16, and end at boundaries of grapheme clusters.

import { isBoundary } from './diff.js';

/** @param {string} left @param {string} right @param {number} [most] */
export function commonPrefix(left, right, most = Math.min(left.length, right.length)) {
  let length = longest(most, (from, to) => left.slice(from, to) === right.slice(from, to));
  while (!(isBoundary(left, length) && isBoundary(right, length))) length--;
  return length;
}

/** @param {string} left @param {string} right @param {number} [most] */
export function commonSuffix(left, right, most = Math.min(left.length, right.length)) {
  const [end, otherEnd] = [left.length, right.length];
  let length = longest(
    most,
    (from, to) => left.slice(end - to, end - from) === right.slice(otherEnd - to, otherEnd - from),
  );
  while (!(isBoundary(left, end - length) && isBoundary(right, otherEnd - length))) length--;
  return length;
}

/**
 * The largest length up to which all is equal, by halving what is left.
 *
 * @param {number} most
 * @param {(from: number, to: number) => boolean} isEqual
 */
function longest(most, isEqual) {
  let length = 0;
  while (length < most) {
    const middle = Math.ceil((length + most) / 2);
    if (isEqual(length, middle)) length = middle;
    else most = middle - 1;
  }
  return length;
}
