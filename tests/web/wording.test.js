import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofConflict, ofParked, usedSentence, whoOf } from '../../web/conflict/wording.js';

/** @param {string[]} ours @returns {any} */
function conflict(...ours) {
  return { names: { ours, theirs: 'Bo' } };
}

test('everybody who changed the words is named', () => {
  assert.equal(whoOf(conflict()), 'someone else');
  assert.equal(whoOf(conflict('Ann')), 'Ann');
  assert.equal(whoOf(conflict('Ann', 'Cid', 'Dee')), 'Ann, Cid and Dee');
});

test('a part is called after who put it aside, and one of my own is mine', () => {
  const [bos, mine] = [false, true].map((isOwn) => ofParked('Bo', isOwn, 'Tuesday 12:04', false));
  assert.equal(bos?.heading('on line 3'), 'Bo’s version, Tuesday 12:04, on line 3');
  assert.equal(mine?.heading(''), 'Your version, Tuesday 12:04');
  assert.deepEqual([bos?.mine, mine?.mine], ['Bo’s', 'Yours']);
});

test('one sentence says what was done', () => {
  const wording = ofConflict(conflict('Ann'));
  assert.equal(usedSentence(wording, ['mine']), 'Resolved with your version.');
  assert.equal(
    usedSentence(wording, ['theirs', 'theirs']),
    '2 conflicts resolved with Ann’s version.',
  );
  assert.equal(usedSentence(wording, ['both']), 'Resolved with both versions.');
  assert.equal(usedSentence(wording, ['mine', 'both']), '2 conflicts resolved.');
  assert.equal(usedSentence(wording, []), 'Added to the document.');
});
