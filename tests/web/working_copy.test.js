import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeProblem, targetOf, WorkingCopy } from '../../web/replica/working_copy.js';
import { checkOf } from '../../web/text/checksum.js';

const known = (/** @type {string} */ text) => ({ commit: 'r1', text, isRevision: true });

test('a newer revision is adopted under what was typed', () => {
  const copy = new WorkingCopy(known('one two three'), 'one two three, four');
  copy.receiveRevision('r2', 'ONE two three');
  assert.deepEqual([copy.isBehind, copy.newest.commit, copy.known.commit], [true, 'r2', 'r1']);
  assert.deepEqual(copy.catchUp(), [[0, 3, 'ONE']]);
  assert.equal(copy.isBehind, false);
  assert.equal(copy.local, 'ONE two three, four');
  assert.deepEqual(copy.known, { commit: 'r2', text: 'ONE two three', isRevision: true });
});

test('equal letters stay where each was typed', () => {
  const copy = new WorkingCopy();
  copy.receiveRevision('r1', 'b'); // typed by the user, and now known
  copy.catchUp();
  copy.edited('bo b', [[1, 0, 'o b']]); // by comparing it could as well be "bo " before it
  assert.deepEqual(copy.changeSince('b'), [[1, 0, 'o b']]);
  copy.receiveRevision('r2', 'ab', [[0, 0, 'a']]);
  assert.equal(copy.catchUp(), null); // one word: the server knows where everything was typed
  const elsewhere = new WorkingCopy();
  elsewhere.receiveRevision('r1', 'b\nx\n');
  elsewhere.catchUp();
  elsewhere.edited('bo b\nx\n', [[1, 0, 'o b']]);
  elsewhere.receiveRevision('r2', 'b\nx\nx\n', [[2, 0, 'x\n']]);
  elsewhere.receiveRevision('r3', 'b\nx\nx\nx\n', [[2, 0, 'x\n']]);
  assert.deepEqual(elsewhere.catchUp(), [[5, 0, 'x\nx\n']]);
  assert.deepEqual(elsewhere.changeSince('b\nx\nx\nx\n'), [[1, 0, 'o b']]);
});

test('nothing moves where the same words were typed over', () => {
  const copy = new WorkingCopy(known('one two'), 'one zwei');
  copy.receiveRevision('r2', 'one deux');
  assert.equal(copy.catchUp(), null);
  assert.deepEqual([copy.local, copy.known.commit], ['one zwei', 'r1']);
});

test('without a common commit both are kept, since there can be no conflict', () => {
  const copy = new WorkingCopy({ commit: null, text: 'one two', isRevision: false }, 'one zwei');
  copy.receiveRevision('r2', 'one deux');
  assert.ok(copy.catchUp());
  assert.equal(copy.local, 'one zwei deux');
});

test('positions go from the local text to the known one and back', () => {
  const copy = new WorkingCopy(known('one two'), 'one and two');
  assert.deepEqual([copy.toKnown(8), copy.toLocal(4)], [4, 4]);
  assert.deepEqual([copy.toKnown(11), copy.toLocal(7)], [7, 11]);
});

test('splices that do not fit or do not check lead nowhere', () => {
  const splices = /** @type {[number, number, string][]} */ ([[0, 3, 'ONE']]);
  const check = checkOf('ONE two');
  const from = known('one two');
  assert.equal(targetOf({ from: 'r1', splices, check }, from), 'ONE two');
  assert.equal(targetOf({ from: 'r0', splices, check }, from), null);
  assert.equal(targetOf({ from: 'r1', splices, check: check ^ 1 }, from), null);
  assert.equal(targetOf({ from: 'r1', splices: [[9, 1, '']], check }, from), null);
});

test('a text is too large by its bytes, unless it became smaller', () => {
  assert.equal(sizeProblem('aaaa', '', 4), null);
  assert.match(sizeProblem('éé.', '', 4) ?? '', /too large.* by about 1 characters/);
  assert.equal(sizeProblem('éé.', 'ééé', 4), null);
});
