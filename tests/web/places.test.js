import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Places } from '../../web/people/places.js';

function places() {
  const made = new Places();
  made.known('r1', 'one two');
  return made;
}

const at = (/** @type {string} */ base, /** @type {number} */ place) => ({
  base,
  anchor: place,
  head: place,
});

test('what others write moves a caret and both ends of a selection', () => {
  const made = places();
  made.moved('ann', { base: 'r1', anchor: 7, head: 4 });
  made.known('r2', 'zero one two');
  assert.deepEqual(made.of('ann'), { anchor: 12, head: 9 });
});

test('a place in a revision left behind is brought up to date', () => {
  const made = places();
  made.known('r2', 'zero one two');
  made.known('r3', 'zero one and two');
  made.moved('ann', at('r1', 4));
  assert.equal(made.of('ann')?.head, 9);
  made.moved('ann', at('r2', 12));
  assert.equal(made.of('ann')?.head, 16);
});

test('a place in a revision that is not known yet waits for it', () => {
  const made = places();
  made.moved('ann', at('r1', 7));
  made.moved('ann', at('r2', 5));
  assert.equal(made.of('ann')?.head, 7);
  made.known('r2', 'zero one two');
  assert.equal(made.of('ann')?.head, 5);
});

test('someone new is shown at once, at an approximate place', () => {
  const made = places();
  made.moved('ann', at('elsewhere', 3));
  assert.equal(made.of('ann')?.head, 3);
  made.left('ann');
  assert.equal(made.of('ann'), undefined);
});
