import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofConflict, ofParked, usedSentence, whoOf } from '../../web/conflict/wording.js';

/** @param {string[]} ours @returns {any} */
function conflict(...ours) {
  return { names: { ours, theirs: 'Bo' } };
}

test('everybody who changed the words is named', () => {
  assert.equal(whoOf(conflict()), 'Somebody');
  assert.equal(whoOf(conflict('Ann')), 'Ann');
  assert.equal(whoOf(conflict('Ann', 'Cid', 'Dee')), 'Ann, Cid and Dee');
});

test('a part is called after who put it aside, and one of my own is mine', () => {
  const [bos, mine] = [false, true].map((isOwn) => ofParked('Bo', isOwn, 'Tue 12:04', false));
  assert.equal(bos?.heading('on line 3'), 'Put aside by Bo, Tue 12:04, on line 3');
  assert.equal(mine?.heading(''), 'Put aside by you, Tue 12:04');
  assert.deepEqual([bos?.mine, bos?.keepMine], ["Bo's", "Bo's"]);
  assert.deepEqual([mine?.mine, mine?.keepMine], ['Yours', 'Mine']);
});

test('one sentence says what was done', () => {
  const wording = ofConflict(conflict('Ann'));
  assert.equal(usedSentence(wording, ['mine']), 'Your version was used for 1 part.');
  assert.equal(usedSentence(wording, ['theirs', 'theirs']), "Ann's version was used for 2 parts.");
  assert.equal(usedSentence(wording, ['both']), 'Both versions were used for 1 part.');
  assert.equal(usedSentence(wording, ['mine', 'both']), 'What you chose was used for 2 parts.');
  assert.equal(usedSentence(wording, []), 'It is in the document now.');
});
