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
  assert.equal(bos?.heading, 'Bo’s version, Tuesday 12:04');
  assert.equal(own?.heading, 'Your version, Tuesday 12:04');
  assert.deepEqual([bos?.theirs, own?.theirs], ['Bo’s version', 'Your version']);
});

test('one sentence says how a conflict was resolved', () => {
  const wording = ofConflict(conflict('Ann'), false);
  assert.equal(resolvedSentence(wording, ['theirs']), 'Resolved with your version.');
  assert.equal(
    resolvedSentence(wording, ['ours', 'ours']),
    '2 conflicts resolved with Ann’s version.',
  );
  assert.equal(resolvedSentence(wording, ['both']), 'Resolved with both versions.');
  assert.equal(resolvedSentence(wording, ['theirs', 'both']), '2 conflicts resolved.');
  assert.equal(resolvedSentence(wording, []), 'Added to the document.');
});

test('the button that decides names the act', () => {
  const own = ofConflict(conflict('Ann'), false);
  assert.deepEqual(
    [own.use.theirs, own.use.ours, own.use.hand],
    ['Use my version', 'Use Ann’s version', 'Use this text'],
  );
  assert.deepEqual(
    [own.useForAll('theirs', 3), own.useForAll('ours', 3)],
    ['Use mine for all 3', 'Use Ann’s for all 3'],
  );
  const parked = ofParked('Bo', false, 'now', false);
  assert.deepEqual(
    [parked.use.theirs, parked.use.ours, parked.useForAll('ours', 2)],
    ['Use Bo’s version', 'Use the current text', 'Use the current text for all 2'],
  );
});
