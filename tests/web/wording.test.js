import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofConflict, ofParked, resolvedSentence, whoOf } from '../../web/conflict/wording.js';

/** @param {string[]} ours @returns {any} */
function conflict(...ours) {
  return { names: { ours, theirs: 'Bo' } };
}

test('everyone who changed the words is named', () => {
  assert.equal(whoOf(conflict()), 'someone else');
  assert.equal(whoOf(conflict('Ann')), 'Ann');
  assert.equal(whoOf(conflict('Ann', 'Cid', 'Dee')), 'Ann, Cid and Dee');
});

test('a parked conflict is named after its author, or as one’s own', () => {
  const [bos, own] = [false, true].map((isOwn) => ofParked('Bo', isOwn, 'Tuesday 12:04', false));
  assert.equal(bos?.heading('on line 3'), 'Bo’s version, Tuesday 12:04, on line 3');
  assert.equal(own?.heading(''), 'Your version, Tuesday 12:04');
  assert.deepEqual([bos?.theirs, own?.theirs], ['Bo’s', 'Yours']);
});

test('one sentence says how a conflict was resolved', () => {
  const wording = ofConflict(conflict('Ann'));
  assert.equal(resolvedSentence(wording, ['theirs']), 'Resolved with your version.');
  assert.equal(
    resolvedSentence(wording, ['ours', 'ours']),
    '2 conflicts resolved with Ann’s version.',
  );
  assert.equal(resolvedSentence(wording, ['both']), 'Resolved with both versions.');
  assert.equal(resolvedSentence(wording, ['theirs', 'both']), '2 conflicts resolved.');
  assert.equal(resolvedSentence(wording, []), 'Added to the document.');
});
