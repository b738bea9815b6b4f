import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflictRegions, locate } from '../../web/editor/offsets.js';

const caret = (/** @type {number} */ place) => ({ client: 'ann', anchor: place, head: place });

test('a place is carried over what was typed here, and keeps what else is known', () => {
  assert.deepEqual(locate([caret(4)], 'one two', 'zero\none two'), [
    { client: 'ann', anchor: 9, head: 9, line: 2 },
  ]);
});

test('characters outside the basic plane count once in the text and twice in the textarea', () => {
  const [first, second] = locate([caret(3), caret(1)], '🎉🎉x', '🎉🎉x');
  assert.equal(first?.head, 5);
  assert.equal(second?.head, 2);
});

test('a line end counts once in the textarea, however it is written', () => {
  const text = 'one\r\ntwo\r\n';
  const [at] = locate([caret(10)], text, text);
  assert.deepEqual([at?.head, at?.line], [8, 3]);
});

test('a place behind the text is its end', () => {
  for (const text of ['ab', '🎉b']) {
    assert.equal(locate([caret(99)], text, text)[0]?.head, text.length);
  }
});

/** @param {string} text @param {string} theirs @param {string} local */
function region(text, theirs, local) {
  const start = text.indexOf(theirs);
  const hunk = { start, end: start + theirs.length, base: '', ours: theirs, theirs: '' };
  const conflict = /** @type {any} */ ({ text, hunks: [hunk], names: { ours: ['Ann'] } });
  const [found] = conflictRegions(conflict, local);
  return local.slice(found?.start, found?.end);
}

test('what a conflict is about is what was written here instead', () => {
  const text = 'Meet on Tuesday at noon.';
  assert.equal(region(text, 'Tuesday', 'Meet on Friday at noon.'), 'Friday');
  assert.equal(region(text, 'Tuesday', 'Well, meet on Friday at noon.'), 'Friday');
});

test('what was deleted here is shown by what is around it', () => {
  assert.equal(region('one two three', 'two ', 'one three'), ' t');
});

test('a region says who wrote what else', () => {
  const hunk = { start: 0, end: 3, base: 'two', ours: 'one\n more', theirs: 'two' };
  const tags = [hunk, { ...hunk, ours: '' }].map((it) => {
    const conflict = { text: 'one', hunks: [it], names: { ours: ['Ann', 'Bo'] } };
    return conflictRegions(/** @type {any} */ (conflict), 'two')[0]?.tag;
  });
  assert.deepEqual(tags, ['Ann: one more', 'Ann deleted this']);
});
