import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EditTrail } from '../../web/replica/edit_trail.js';
import { apply } from '../../web/text/splices.js';
import { random } from './random.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */

test('edits are where they were typed', () => {
  const trail = new EditTrail();
  trail.mark('b');
  trail.step([[1, 0, 'o']]);
  trail.step([[2, 0, ' b']]);
  assert.deepEqual(trail.since('b'), [[1, 0, 'o b']]);
});

test('nothing is known about an unknown text', () => {
  assert.equal(new EditTrail().since(''), null);
});

test('a replacement is left to a diff', () => {
  const trail = new EditTrail();
  trail.mark('one two');
  trail.step([[4, 3, '']]);
  assert.deepEqual(trail.since('one two'), [[4, 3, '']]);
  trail.step([[4, 0, 'deux']]);
  assert.equal(trail.since('one two'), null);
});

test('an unknown change clears the trail', () => {
  const trail = new EditTrail();
  trail.mark('a');
  trail.step(null);
  assert.equal(trail.since('a'), null);
});

test('the last three texts are remembered, and a limited amount of typing', () => {
  const trail = new EditTrail();
  for (const text of ['a', 'b', 'c', 'd']) trail.mark(text);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((text) => trail.since(text) !== null),
    [false, true, true, true],
  );
  trail.step([[0, 0, 'x'.repeat(10_001)]]);
  assert.equal(trail.since('d'), null);
});

test('it leads from each text to the current one, however long people type', () => {
  for (let seed = 0; seed < 300; seed++) {
    const dice = random(seed);
    const trail = new EditTrail();
    let text = 'abc abc';
    trail.mark(text);
    for (let count = dice.below(12); count > 0; count--) {
      const at = dice.below(text.length + 1);
      /** @type {Splice} */
      const splice =
        dice.below(3) > 0 || at === text.length ? [at, 0, dice.pick(['a', 'b '])] : [at, 1, ''];
      text = apply(text, [splice]);
      trail.step([splice]);
      const told = trail.since('abc abc');
      if (told) assert.equal(apply('abc abc', told), text);
      if (dice.below(4) === 0) trail.mark(text);
    }
  }
});
