import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacing } from '../../web/replica/pacing.js';
import { FakeClock } from './clock.js';

const FRAME_MS = 16;

/** @param {number} [costMs] what it takes to show something */
function pace(costMs = 0) {
  const clock = new FakeClock();
  /** @type {number[]} */
  const sentMs = [];
  /** @type {number[]} */
  const shownMs = [];
  let spentMs = 0;
  const now = () => clock.now() + spentMs;
  const pacing = new Pacing(
    {
      send: () => sentMs.push(now()),
      show: () => {
        shownMs.push(now());
        spentMs += costMs;
      },
    },
    {
      now,
      after: clock.after,
      cancel: clock.cancel,
      random: clock.random,
      frame: (callback) => clock.after(callback, FRAME_MS),
    },
  );
  return { clock, pacing, sentMs, shownMs };
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

test('what others wrote is shown once a frame', () => {
  const { clock, pacing, shownMs } = pace();
  pacing.heard();
  pacing.heard();
  assert.deepEqual(shownMs, []);
  clock.pass(100);
  pacing.heard();
  clock.pass(100);
  assert.deepEqual(shownMs, [16, 116]);
});

test('most of the time is left for other things', () => {
  const { clock, pacing, shownMs } = pace(40);
  pacing.heard();
  clock.pass(FRAME_MS);
  pacing.heard();
  clock.pass(80);
  assert.equal(shownMs.length, 1);
  clock.pass(FRAME_MS);
  assert.equal(shownMs.length, 2);
});

test('after an answer the next edit waits until what it brought is shown', () => {
  const { clock, pacing, sentMs, shownMs } = pace();
  pacing.hasCompany = true;
  pacing.answered();
  pacing.typed();
  assert.deepEqual(sentMs, []);
  clock.pass(100);
  assert.deepEqual([shownMs, sentMs], [[16], [16]]);
});

test('while it is held nothing is shown, and sending goes on', () => {
  const { clock, pacing, sentMs, shownMs } = pace();
  pacing.hasCompany = true;
  pacing.hold('composing');
  pacing.hold('paused');
  pacing.answered();
  pacing.heard();
  pacing.typed();
  clock.pass(100);
  assert.deepEqual([shownMs, sentMs.length], [[], 2]);
  pacing.release('composing');
  clock.pass(100);
  assert.deepEqual(shownMs, []);
  pacing.release('paused');
  clock.pass(100);
  assert.deepEqual(shownMs, [216]);
});

test('a hold that comes before the turn of an answer does not keep the typing back', () => {
  const { clock, pacing, sentMs, shownMs } = pace();
  pacing.hasCompany = true;
  pacing.answered();
  pacing.hold('composing');
  assert.deepEqual(sentMs, [0]);
  clock.pass(100);
  assert.deepEqual(shownMs, []);
});
