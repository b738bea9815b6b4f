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
  pacing.edited();
  clock.pass(200);
  pacing.edited();
  clock.pass(1000);
  assert.deepEqual(sentMs, [450]);
});

test('alone and typing steadily, it sends once a second', () => {
  const { clock, pacing, sentMs } = pace();
  for (let letter = 0; letter < 30; letter++) {
    pacing.edited();
    clock.pass(100);
  }
  assert.deepEqual(sentMs.slice(0, 2), [1000, 2000]);
});

test('in company it sends at once', () => {
  const { pacing, sentMs } = pace();
  pacing.areOthersHere = true;
  pacing.edited();
  assert.deepEqual(sentMs, [0]);
});

test('what others wrote is shown once a frame', () => {
  const { clock, pacing, shownMs } = pace();
  pacing.updateReceived();
  pacing.updateReceived();
  assert.deepEqual(shownMs, []);
  clock.pass(100);
  pacing.updateReceived();
  clock.pass(100);
  assert.deepEqual(shownMs, [16, 116]);
});

test('most of the time is left for other things', () => {
  const { clock, pacing, shownMs } = pace(40);
  pacing.updateReceived();
  clock.pass(FRAME_MS);
  pacing.updateReceived();
  clock.pass(80);
  assert.equal(shownMs.length, 1);
  clock.pass(FRAME_MS);
  assert.equal(shownMs.length, 2);
});

test('after an answer the next edit waits until what it brought is shown', () => {
  const { clock, pacing, sentMs, shownMs } = pace();
  pacing.areOthersHere = true;
  pacing.answerReceived();
  pacing.edited();
  assert.deepEqual(sentMs, []);
  clock.pass(100);
  assert.deepEqual([shownMs, sentMs], [[16], [16]]);
});

test('while it is held nothing is shown, and sending goes on', () => {
  const { clock, pacing, sentMs, shownMs } = pace();
  pacing.areOthersHere = true;
  pacing.hold('composing');
  pacing.hold('paused');
  pacing.answerReceived();
  pacing.updateReceived();
  pacing.edited();
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
  pacing.areOthersHere = true;
  pacing.answerReceived();
  pacing.hold('composing');
  assert.deepEqual(sentMs, [0]);
  clock.pass(100);
  assert.deepEqual(shownMs, []);
});
