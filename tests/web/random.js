// A seeded random generator.

/** @typedef {{below: (limit: number) => number, pick: <T>(list: readonly T[]) => T}} Dice */

/** @param {number} seed @returns {Dice} mulberry32 */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (/** @type {number} */ limit) => Math.floor(next() * limit);
  return { below, pick: (list) => /** @type {any} */ (list[below(list.length)]) };
}

const PIECES = [
  'the ',
  'fox ',
  'a',
  'b',
  ' ',
  '\n',
  '\r\n',
  '😀',
  'é',
  'e\u0301',
  '日',
  '本',
  '3.14',
  ', ',
];

/** @param {Dice} dice */
export function randomText(dice) {
  let text = '';
  for (let count = dice.below(12); count > 0; count--) text += dice.pick(PIECES);
  return text;
}
