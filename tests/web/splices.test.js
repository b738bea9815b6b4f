import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffSplices } from '../../web/text/diff_splices.js';
import {
  addsLinesAt,
  apply,
  compose,
  inPoints,
  inUnits,
  invert,
  mapPosition,
} from '../../web/text/splices.js';
import { random, randomText } from './random.js';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/splices.json', import.meta.url), 'utf8'),
);

test('apply agrees with the vectors', () => {
  for (const { text, splices, result, error } of vectors.apply) {
    if (error) assert.throws(() => apply(text, splices), RangeError, JSON.stringify(splices));
    else assert.equal(apply(text, splices), result);
  }
});

test('compose agrees with the vectors', () => {
  for (const { text, first, second, result } of vectors.compose) {
    assert.equal(apply(text, compose(first, second)), result);
  }
});

test('invert takes back what the vectors do', () => {
  for (const { text, splices } of vectors.invert) {
    assert.equal(apply(apply(text, splices), invert(text, splices)), text);
  }
});

test('positions move as the vectors say', () => {
  for (const { splices, position, after, result } of vectors.map) {
    assert.equal(
      mapPosition(splices, position, after),
      result,
      JSON.stringify({ splices, position }),
    );
  }
});

test('only whole lines at the start of a line are put in front of it', () => {
  const text = 'a\nb\n';
  /** @type {[import('../../web/text/splices.js').Splice, number, boolean][]} */
  const cases = [
    [[2, 0, 'new\n'], 2, true],
    [[0, 0, 'new\n'], 0, true],
    [[4, 0, 'new\n'], 4, true],
    [[2, 0, 'new'], 2, false],
    [[1, 0, '\nnew'], 1, false],
    [[1, 0, '\n'], 1, false],
    [[2, 1, 'new\n'], 2, false],
    [[0, 0, 'new\n'], 2, false],
  ];
  for (const [splice, offset, expected] of cases) {
    assert.equal(addsLinesAt(text, [splice], offset), expected, JSON.stringify(splice));
  }
});

test('the laws hold for random texts', () => {
  const dice = random(1);
  for (let run = 0; run < 2000; run++) {
    const [a, b, c] = [randomText(dice), randomText(dice), randomText(dice)];
    const [first, second] = [diffSplices(a, b), diffSplices(b, c)];
    assert.equal(apply(a, first), b);
    assert.equal(apply(a, compose(first, second)), c);
    assert.equal(apply(b, invert(a, first)), a);
    assert.deepEqual(inPoints(a, inUnits(a, first)), first);
  }
});
