import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Choices } from '../../web/conflict/choices.js';

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
  choices.choose(0, 'theirs');
  assert.deepEqual(choices.results, ['deux']);
  choices.choose(0, 'ours');
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
  choices.choose(0, 'ours');
  choices.choose(0, 'hand');
  assert.deepEqual(choices.results, ['mine own words']);
});

test('a refreshed conflict keeps what was written and asks again', () => {
  const choices = new Choices(WORDS);
  choices.write(0, 'mine own words');
  choices.decide(0);
  const hunk = { start: 4, end: 7, base: 'two', ours: 'dwa', theirs: 'deux' };
  choices.refresh(conflict('one dwa three\n', [hunk]), 0);
  assert.deepEqual(choices.results, ['mine own words']);
  assert.deepEqual([choices.areComplete, choices.all[0]?.isOutdated], [false, true]);
});

test('a choice follows its hunk when hunks come and go', () => {
  const first = { start: 0, end: 1, base: 'a', ours: 'A', theirs: 'x' };
  const second = { start: 2, end: 3, base: 'b', ours: 'B', theirs: 'y' };
  const choices = new Choices(conflict('A B\n', [first, second]));
  choices.choose(1, 'theirs');
  choices.decide(1);
  choices.refresh(conflict('a B\n', [second]), 0);
  assert.deepEqual([choices.results, choices.areComplete], [['y'], true]);
});

test('what was written from one choice does not replace what was from another', () => {
  const choices = new Choices(WORDS);
  choices.choose(0, 'theirs');
  choices.write(0, 'deux!');
  choices.choose(0, 'ours');
  choices.write(0, 'zwei!');
  assert.deepEqual(choices.results, ['zwei!']);
  choices.nextDraft(0);
  assert.deepEqual(choices.results, ['deux!']);
  choices.choose(0, 'theirs');
  assert.deepEqual(choices.results, ['deux']);
  choices.choose(0, 'hand');
  assert.deepEqual(choices.results, ['deux!']);
});

const THREE = conflict('A B C\n', [
  { start: 0, end: 1, base: 'a', ours: 'A', theirs: 'x' },
  { start: 2, end: 3, base: 'b', ours: 'B', theirs: '' },
  { start: 4, end: 5, base: 'c', ours: 'C', theirs: 'z' },
]);

test('hunks without a choice can be decided alike; other choices stay', () => {
  const choices = new Choices(THREE);
  choices.choose(2, 'ours');
  choices.choose(0, 'theirs');
  assert.equal(choices.emptied(0), 1);
  assert.equal(choices.decideAlike(0), 1);
  choices.decide(0);
  assert.deepEqual(choices.results, ['x', '', 'C']);
  assert.deepEqual(
    choices.all.map(({ isDecided }) => isDecided),
    [true, true, false],
  );
});

test('both has the same order in all hunks decided alike', () => {
  const choices = new Choices(THREE);
  choices.choose(0, 'both');
  choices.swap(0);
  choices.decideAlike(0);
  assert.deepEqual(choices.results, ['A x', 'B', 'C z']);
});

test('theirs follows the user’s text, and the time of the other side’s change is kept', () => {
  const choices = new Choices(WORDS);
  choices.choose(0, 'theirs');
  const hunk = { start: 4, end: 8, base: 'two', ours: 'zwei', theirs: 'deux mots' };
  choices.refresh(conflict('one zwei three\n', [hunk]), 5);
  assert.deepEqual([choices.results, choices.all[0]?.changedMs], [['deux mots'], null]);
  choices.refresh(conflict('one dwa three\n', [{ ...hunk, end: 7, ours: 'dwa' }]), 7);
  assert.deepEqual([choices.all[0]?.isOutdated, choices.all[0]?.changedMs], [false, 7]);
});

test('both follows the user’s text, and keeps the other text as it was chosen', () => {
  const choices = new Choices(WORDS);
  choices.choose(0, 'both');
  const hunk = { start: 4, end: 8, base: 'two', ours: 'zwei', theirs: 'deux mots' };
  choices.refresh(conflict('one zwei three\n', [hunk]), 0);
  assert.deepEqual(choices.results, ['deux mots zwei']);
  assert.deepEqual([choices.areComplete, choices.all[0]?.isOutdated], [false, false]);
  const later = { ...hunk, end: 7, ours: 'dwa' };
  choices.refresh(conflict('one dwa three\n', [later]), 0);
  choices.refresh(conflict('one dwa three\n', [{ ...later, theirs: 'deux' }]), 0);
  assert.deepEqual([choices.results, choices.all[0]?.isOutdated], [['deux mots zwei'], true]);
});
