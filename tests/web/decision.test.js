import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appliesTo, PARK, resolutionOf, resolving } from '../../web/replica/decision.js';

const HUNK = { start: 4, end: 8, base: 'two', ours: 'deux', theirs: 'zwei' };

/** @param {object[]} hunks @param {string} [text] @returns {any} */
const conflict = (hunks, text = 'one deux three') => ({ text, hunks });

test('a decision applies to the same hunks, wherever they are', () => {
  const decision = resolving(conflict([HUNK]), ['zwei']);
  assert.ok(appliesTo(decision, conflict([{ ...HUNK, start: 9, end: 13 }])));
  assert.ok(!appliesTo(decision, conflict([{ ...HUNK, ours: 'dos' }])));
  assert.ok(!appliesTo(decision, conflict([HUNK, HUNK])));
});

test('any conflict can be parked', () => {
  assert.ok(appliesTo(PARK, conflict([HUNK])));
});

test('the results take the place of the hunks', () => {
  const other = { ...HUNK, start: 9, end: 14 };
  assert.deepEqual(resolutionOf(conflict([HUNK, other]), ['zwei', 'drei']), {
    splices: [
      [4, 4, 'zwei'],
      [9, 5, 'drei'],
    ],
    text: 'one zwei drei',
  });
});
