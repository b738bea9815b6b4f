import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, dayAndTime, listed } from '../../web/ui/phrases.js';

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

test('names are listed without a comma before the "and"', () => {
  assert.equal(listed(['Ann', 'Bo', 'Cy']), 'Ann, Bo and Cy');
});

test('a time is told by its weekday within the week, and by its date after that', () => {
  const then = new Date(2026, 10, 29, 9, 5).getTime();
  assert.equal(dayAndTime(then, then + 5 * DAY, 'en-GB'), 'Sunday 09:05');
  assert.equal(dayAndTime(then, then + 6 * DAY, 'en-GB'), '29 Nov 2026, 9:05');
});
