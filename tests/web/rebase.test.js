import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../web/between.js';
import { mergeKeepingAll, rebase, uprooted } from '../../web/rebase.js';
import { apply } from '../../web/splices.js';
import { random, randomText } from './random.js';

/** @typedef {import('../../web/splices.js').Splice} Splice */

/** @param {string} text @param {string} typed @param {string} target */
function meet(text, typed, target) {
  const local = between(text, typed);
  const remote = between(text, target);
  const rebased = rebase(text, local, remote);
  if (!rebased) return null;
  const result = apply(target, rebased.local);
  assert.equal(apply(typed, rebased.remote), result);
  return result;
}

test('changes of different words both stay', () => {
  assert.equal(
    meet('Hello world!', 'Good morning world!', 'Hello world! Bye'),
    'Good morning world! Bye',
  );
  assert.equal(meet('one two three', 'one 2 three', '1 two 3'), '1 2 3');
});

test('changes of one word touch', () => {
  assert.equal(meet('one two', 'one tow', 'one too'), null);
  assert.equal(meet('costs 3.14', 'costs 4.14', 'costs 3.15'), null);
  assert.equal(meet('one two', 'one two!', 'one Two'), null);
  assert.equal(meet('one two', 'one', 'one tw'), null);
});

test('of two insertions at one point the local one is left', () => {
  assert.equal(meet('ab \n', 'ab mine\n', 'ab theirs\n'), 'ab minetheirs\n');
});

test('insertions at one point that may be the same touch', () => {
  assert.equal(meet('ab ', 'ab x', 'ab x'), null);
  assert.equal(meet('ab ', 'ab x', 'ab xy'), null);
});

test('scripts without blanks: one character is one word', () => {
  assert.equal(meet('日本語文字', '月本語文字', '日本語文学'), '月本語文学');
});

test('positions count code points', () => {
  assert.equal(meet('😀 one two', '😀 1 two', '😀😀 one two'), '😀😀 1 two');
});

test('both ways around the diamond end in the same text', () => {
  const dice = random(2);
  let merged = 0;
  for (let run = 0; run < 5000; run++) {
    if (meet(randomText(dice), randomText(dice), randomText(dice)) !== null) merged++;
  }
  assert.ok(merged > 300, `only ${merged} met`);
});

test('where nobody can be asked, everything written stays', () => {
  const text = 'one two three';
  const local = between(text, 'one TWO 3');
  const remote = between(text, 'one zwei three');
  assert.equal(mergeKeepingAll(text, local, remote), 'one TWO zwei 3');
});

test('what is about words that are gone is uprooted, and new words beside them are not', () => {
  const text = 'one two three\nfour\n';
  const gone = between(text, 'one\n');
  const cases = /** @type {[Splice, boolean][]} */ ([
    [[5, 1, 'W'], true],
    [[7, 0, 'fold'], true],
    [[8, 0, 'and '], true],
    [[3, 0, 's'], false],
    [[0, 0, 'zero '], false],
    [[19, 0, 'five\n'], false],
    [[13, 0, ' more'], true],
  ]);
  for (const [splice, isUprooted] of cases) {
    const found = uprooted(text, [splice], gone);
    assert.deepEqual(found, isUprooted ? [splice] : [], JSON.stringify(splice));
  }
});
