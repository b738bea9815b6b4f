import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffSplices } from '../../web/text/diff_splices.js';
import { apply, compose, inPoints, inUnits, invert, mapPosition } from '../../web/text/splices.js';
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
