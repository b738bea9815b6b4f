import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Choices } from '../../web/choices.js';

/** @param {string} text @param {any[]} hunks */
function conflict(text, hunks) {
  return /** @type {any} */ ({ text, hunks });
}

const WORDS = conflict('one zwei three\n', [
  { start: 4, end: 8, base: 'two', ours: 'zwei', theirs: 'deux' },
]);
const LINES = conflict('one\nzwei\nthree\n', [
  { start: 4, end: 8, base: 'two', ours: 'zwei', theirs: 'deux' },
]);

test('nothing is chosen at first', () => {
  const choices = new Choices(WORDS);
  assert.deepEqual([choices.all[0]?.kind, choices.areComplete], [null, false]);
});

test('each choice fills the result', () => {
  const choices = new Choices(WORDS);
  choices.choose(0, 'mine');
  assert.deepEqual(choices.results, ['deux']);
  choices.choose(0, 'theirs');
  assert.deepEqual(choices.results, ['zwei']);
  choices.choose(0, 'both');
  assert.deepEqual(choices.results, ['deux zwei']);
  choices.swap(0);
  assert.deepEqual(choices.results, ['zwei deux']);
  choices.choose(0, 'hand');
  assert.deepEqual(choices.results, ['zwei deux']);
});

test('both of whole lines are two lines', () => {
  const choices = new Choices(LINES);
  choices.choose(0, 'both');
  assert.deepEqual(choices.results, ['deux\nzwei']);
});

test('what was written by hand survives other choices', () => {
  const choices = new Choices(WORDS);
  choices.write(0, 'mine own words');
  choices.choose(0, 'theirs');
  choices.choose(0, 'hand');
  assert.deepEqual(choices.results, ['mine own words']);
});

test('a refreshed conflict keeps what was written and asks again', () => {
  const choices = new Choices(WORDS);
  choices.write(0, 'mine own words');
  choices.decide(0);
  const hunk = { start: 4, end: 7, base: 'two', ours: 'dwa', theirs: 'deux' };
  choices.refresh(conflict('one dwa three\n', [hunk]));
  assert.deepEqual(choices.results, ['mine own words']);
  assert.deepEqual([choices.areComplete, choices.all[0]?.isOutdated], [false, true]);
});

test('a choice follows its hunk when hunks come and go', () => {
  const first = { start: 0, end: 1, base: 'a', ours: 'A', theirs: 'x' };
  const second = { start: 2, end: 3, base: 'b', ours: 'B', theirs: 'y' };
  const choices = new Choices(conflict('A B\n', [first, second]));
  choices.choose(1, 'mine');
  choices.decide(1);
  choices.refresh(conflict('a B\n', [second]));
  assert.deepEqual([choices.results, choices.areComplete], [['y'], true]);
});
