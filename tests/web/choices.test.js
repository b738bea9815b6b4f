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
  choices.choose(0, 'hand');
  assert.deepEqual(choices.results, ['zwei'], 'to be changed');
});

test('both can stay if they are whole lines, in either order', () => {
  const [words, choices] = [new Choices(WORDS), new Choices(LINES)];
  assert.deepEqual([words.canBeBoth(0), choices.canBeBoth(0)], [false, true]);
  choices.choose(0, 'both');
  assert.deepEqual(choices.results, ['deux\nzwei']);
  choices.swap(0);
  assert.deepEqual(choices.results, ['zwei\ndeux']);
});

test('lines that are added or deleted with their ends are whole lines', () => {
  const lines = { start: 4, end: 9, base: '', ours: 'zwei\n', theirs: 'deux\n' };
  const choices = new Choices(conflict('one\nzwei\nthree\n', [lines]));
  assert.ok(choices.canBeBoth(0));
  choices.choose(0, 'both');
  assert.deepEqual(choices.results, ['deux\nzwei\n']);
  const deleted = new Choices(conflict('one\nthree\n', [{ ...lines, end: 4, ours: '' }]));
  assert.ok(!deleted.canBeBoth(0), 'one of them is nothing');
});

test('the lines of both end as those of the document', () => {
  const choices = new Choices(
    conflict('one\r\nzwei\r\nthree\r\n', [
      { start: 5, end: 9, base: 'two', ours: 'zwei', theirs: 'deux' },
    ]),
  );
  choices.choose(0, 'both');
  assert.deepEqual(choices.results, ['deux\r\nzwei']);
});

test('writing begins with both versions if none was chosen', () => {
  const [words, lines] = [new Choices(WORDS), new Choices(LINES)];
  words.choose(0, 'hand');
  lines.choose(0, 'hand');
  assert.deepEqual([words.results, lines.results], [['deux / zwei'], ['deux\nzwei']]);
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

const THREE = conflict('A B C\n', [
  { start: 0, end: 1, base: 'a', ours: 'A', theirs: 'x' },
  { start: 2, end: 3, base: 'b', ours: 'B', theirs: '' },
  { start: 4, end: 5, base: 'c', ours: 'C', theirs: 'z' },
]);

test('all open hunks can be decided for one side; decisions stay', () => {
  const choices = new Choices(THREE);
  choices.choose(2, 'ours');
  choices.decide(2);
  choices.choose(0, 'ours');
  assert.equal(choices.alike(0, 'theirs').length, 2);
  choices.decideAlike(0, 'theirs');
  assert.deepEqual(choices.results, ['x', '', 'C']);
  assert.ok(choices.areComplete);
});

test('what was written for another hunk stays when the others are decided alike', () => {
  const choices = new Choices(THREE);
  choices.write(1, 'my own');
  choices.choose(0, 'theirs');
  choices.decideAlike(0, 'theirs');
  assert.deepEqual(choices.results, ['x', 'my own', 'z']);
  assert.deepEqual(
    choices.all.map(({ isDecided }) => isDecided),
    [true, false, true],
  );
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
  const choices = new Choices(LINES);
  choices.choose(0, 'both');
  const hunk = { start: 4, end: 8, base: 'two', ours: 'zwei', theirs: 'deux mots' };
  choices.refresh(conflict('one\nzwei\nthree\n', [hunk]), 0);
  assert.deepEqual(choices.results, ['deux mots\nzwei']);
  assert.deepEqual([choices.areComplete, choices.all[0]?.isOutdated], [false, false]);
  const later = { ...hunk, end: 7, ours: 'dwa' };
  choices.refresh(conflict('one\ndwa\nthree\n', [later]), 0);
  choices.refresh(conflict('one\ndwa\nthree\n', [{ ...later, theirs: 'deux' }]), 0);
  assert.deepEqual([choices.results, choices.all[0]?.isOutdated], [['deux mots\nzwei'], true]);
});
