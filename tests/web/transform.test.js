import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSplices } from '../../web/text/diff_splices.js';
import { apply } from '../../web/text/splices.js';
import { transform } from '../../web/text/transform.js';
import { random, randomText } from './random.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */

test('a change goes where its place went', () => {
  assert.deepEqual(transform([[4, 1, 'X']], [[0, 0, 'ab']], false), [[6, 1, 'X']]);
  assert.deepEqual(transform([[0, 1, 'X']], [[4, 2, '']], false), [[0, 1, 'X']]);
});

test('what the other side inserted is not deleted', () => {
  assert.deepEqual(transform([[1, 4, '']], [[3, 0, 'new']], false), [
    [1, 2, ''],
    [6, 2, ''],
  ]);
});

test('what both delete is deleted once', () => {
  assert.deepEqual(transform([[1, 4, '']], [[3, 4, '']], false), [[1, 2, '']]);
  assert.deepEqual(transform([[3, 2, '']], [[2, 5, '']], false), []);
});

test('an insertion in what the other side deletes stays', () => {
  assert.deepEqual(transform([[3, 0, 'mine']], [[1, 5, 'theirs']], false), [[7, 0, 'mine']]);
});

test('of two insertions at one place the left one is left', () => {
  assert.deepEqual(transform([[2, 0, 'x']], [[2, 0, '😀y']], true), [[2, 0, 'x']]);
  assert.deepEqual(transform([[2, 0, 'x']], [[2, 0, '😀y']], false), [[4, 0, 'x']]);
});

test('both ways around the diamond end in the same text', () => {
  const dice = random(7);
  let changed = 0;
  for (let run = 0; run < 20_000; run++) {
    const text = randomText(dice);
    const [first, second] = [randomSplices(dice, text), randomSplices(dice, text)];
    const isLeft = dice.below(2) === 0;
    const one = apply(apply(text, first), transform(second, first, isLeft));
    const other = apply(apply(text, second), transform(first, second, !isLeft));
    assert.equal(one, other, JSON.stringify({ text, first, second, isLeft }));
    if (first.length && second.length) changed++;
  }
  assert.ok(changed > 10_000, `only ${changed} changed on both sides`);
});

/** @param {import('./random.js').Dice} dice @param {string} text @returns {Splice[]} */
function randomSplices(dice, text) {
  if (dice.below(3) === 0) return diffSplices(text, randomText(dice));
  /** @type {Splice[]} */
  const splices = [];
  let position = 0;
  const length = [...text].length;
  for (let count = dice.below(4); count > 0; count--) {
    const start = position + dice.below(3);
    const deleted = dice.below(4);
    if (start + deleted > length) break;
    splices.push([start, deleted, dice.pick(['', 'a', '😀b', ' ', 'xyz'])]);
    position = start + deleted + 1;
  }
  return splices;
}
