import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago } from '../../web/ui/ago.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('the largest unit that has passed says how long ago', () => {
  /** @type {[number, string][]} */
  const cases = [
    [0, 'just now'],
    [59_999, 'just now'],
    [MINUTE, '1 minute ago'],
    [59 * MINUTE, '59 minutes ago'],
    [HOUR, '1 hour ago'],
    [DAY, 'yesterday'],
    [3 * DAY, '3 days ago'],
    [7 * DAY, 'last week'],
    [65 * DAY, '2 months ago'],
    [800 * DAY, '2 years ago'],
  ];
  for (const [passed, words] of cases) assert.equal(ago(1e12 - passed, 1e12), words);
});

test('a clock that was set back makes no future', () => {
  assert.equal(ago(2000, 1000), 'just now');
});
