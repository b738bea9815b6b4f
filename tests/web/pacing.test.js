import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacing } from '../../web/pacing.js';
import { FakeClock } from './clock.js';

function pace() {
  const clock = new FakeClock();
  /** @type {number[]} */
  const sentMs = [];
  const pacing = new Pacing(() => sentMs.push(clock.now()), clock);
  return { clock, pacing, sentMs };
}

test('alone, it sends after a pause', () => {
  const { clock, pacing, sentMs } = pace();
  pacing.typed();
  clock.pass(200);
  pacing.typed();
  clock.pass(1000);
  assert.deepEqual(sentMs, [450]);
});

test('alone and typing steadily, it sends once a second', () => {
  const { clock, pacing, sentMs } = pace();
  for (let letter = 0; letter < 30; letter++) {
    pacing.typed();
    clock.pass(100);
  }
  assert.deepEqual(sentMs.slice(0, 2), [1000, 2000]);
});

test('in company it sends at once', () => {
  const { pacing, sentMs } = pace();
  pacing.hasCompany = true;
  pacing.typed();
  assert.deepEqual(sentMs, [0]);
});
