import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonPrefix, commonSuffix } from '../../web/text/common_ends.js';
import { isBoundary } from '../../web/text/diff.js';
import { random, randomText } from './random.js';

// Both, character by character.

/** @param {string} left @param {string} right @param {number} most */
function slowPrefix(left, right, most) {
  let length = 0;
  while (length < most && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  while (!(isBoundary(left, length) && isBoundary(right, length))) length--;
  return length;
}

/** @param {string} left @param {string} right @param {number} most */
function slowSuffix(left, right, most) {
  const [end, otherEnd] = [left.length, right.length];
  const equal = (/** @type {number} */ n) =>
    left.charCodeAt(end - n) === right.charCodeAt(otherEnd - n);
  let length = 0;
  while (length < most && equal(length + 1)) length++;
  while (!(isBoundary(left, end - length) && isBoundary(right, otherEnd - length))) length--;
  return length;
}

/** @param {string} left @param {string} right @param {number} most */
function check(left, right, most) {
  const what = JSON.stringify([left, right, most]);
  assert.equal(commonPrefix(left, right, most), slowPrefix(left, right, most), what);
  assert.equal(commonSuffix(left, right, most), slowSuffix(left, right, most), what);
}

test('the same as character by character, for texts that differ anywhere', () => {
  const dice = random(5);
  for (let round = 0; round < 20_000; round++) {
    const [start, end] = [randomText(dice), randomText(dice)];
    const [left, right] = [randomText(dice), randomText(dice)].map((text) => start + text + end);
    if (left === undefined || right === undefined) continue;
    const most = Math.min(left.length, right.length);
    check(left, right, most);
    check(left, right, dice.below(most + 1));
    check(left, '', 0);
  }
});

test('nothing repeated is counted twice, and no character is cut in two', () => {
  // The first halves of these are equal, or the second ones, or they are marks of the letter before.
  const letters = ['a', '😀', '😁', '🀀', '\u0301', '\ud83d', '\ude00'];
  const dice = random(6);
  for (let round = 0; round < 20_000; round++) {
    const few = [dice.pick(letters), dice.pick(letters)];
    const [left, right] = [0, 0].map(() => {
      return Array.from({ length: dice.below(9) }, () => dice.pick(few)).join('');
    });
    if (left === undefined || right === undefined) continue;
    check(left, right, Math.min(left.length, right.length));
  }
  assert.equal(commonPrefix('x😀', 'x😁'), 1);
  assert.equal(commonSuffix('😀x', '🨀x'), 1);
  assert.equal(commonPrefix('aaa', 'aaaa'), 3);
  assert.equal(commonSuffix('aaa', 'aaaa', 1), 1);
});

test('a difference is found anywhere in a long text', () => {
  const text = 'the same words, again and again\n'.repeat(3000);
  for (const at of [0, 1, 1023, 1024, 1025, 50_000, text.length - 1]) {
    const other = `${text.slice(0, at)}X${text.slice(at + 1)}`;
    assert.equal(commonPrefix(text, other), at);
    assert.equal(commonSuffix(text, other), text.length - at - 1);
  }
  assert.equal(commonPrefix(text, text.slice(0, -1)), text.length - 1);
  assert.equal(commonSuffix(text, text), text.length);
});
