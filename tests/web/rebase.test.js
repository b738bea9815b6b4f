import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffSplices } from '../../web/text/diff_splices.js';
import { displaced, mergeKeepingAll, rebase } from '../../web/text/rebase.js';
import { apply } from '../../web/text/splices.js';
import { random, randomText } from './random.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */

/**
 * @typedef {object} Case of both languages
 * @property {string} name
 * @property {string} text
 * @property {Splice[]} local
 * @property {Splice[]} remote
 * @property {string | null} merged the server's result; null for a conflict
 * @property {boolean} page whether the page merges it by itself
 */
/** @type {Case[]} */
const cases = JSON.parse(
  readFileSync(new URL('../vectors/rebase.json', import.meta.url), 'utf8'),
).cases;

/** @param {string} text @param {readonly Splice[]} local @param {readonly Splice[]} remote */
function rebased(text, local, remote) {
  const found = rebase(text, local, remote);
  if (!found) return null;
  const result = apply(apply(text, remote), found.local);
  assert.equal(apply(apply(text, local), found.remote), result);
  return result;
}

/** @param {string} text @param {string} typed @param {string} target */
function meet(text, typed, target) {
  return rebased(text, diffSplices(text, typed), diffSplices(text, target));
}

for (const { name, text, local, remote, merged, page } of cases) {
  test(`${name}: ${page ? 'as the server merges it' : 'left to the server'}`, () => {
    assert.equal(rebased(text, local, remote), page ? merged : null);
  });
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

test('of letters typed at one point the local ones are left', () => {
  assert.equal(meet('ab \n', 'ab mi\n', 'ab th\n'), 'ab mith\n');
  assert.equal(meet('ab \n', 'ab mine\n', 'ab theirs\n'), null);
});

test('insertions at one point that may be the same touch', () => {
  assert.equal(meet('ab ', 'ab x', 'ab x'), null);
  assert.equal(meet('ab ', 'ab x', 'ab xy'), null);
});

test('scripts without spaces: one character is one word', () => {
  assert.equal(meet('日本語文字', '月本語文字', '日本語文学'), '月本語文学');
});

test('positions count code points', () => {
  assert.equal(meet('😀 one two', '😀 1 two', '😀😀 one two'), '😀😀 1 two');
});

test('both ways around the diamond end in the same text', () => {
  const dice = random(2);
  const changed = (/** @type {string} */ text) => {
    const points = [...text];
    for (let count = dice.below(3); count >= 0; count--)
      points.splice(dice.below(points.length + 1), dice.below(4), randomText(dice).slice(0, 4));
    return points.join('');
  };
  let merged = 0;
  for (let run = 0; run < 5000; run++) {
    const text = Array.from({ length: 5 }, () => randomText(dice)).join('');
    if (meet(text, changed(text), changed(text)) !== null) merged++;
  }
  assert.ok(merged > 1000, `only ${merged} met`);
});

test('without conflicts, everything written stays', () => {
  const text = 'one two three';
  const local = diffSplices(text, 'one TWO 3');
  const remote = diffSplices(text, 'one zwei three');
  assert.equal(mergeKeepingAll(text, local, remote), 'one TWO zwei 3');
});

test('changes of words that are gone are displaced, new words beside them are not', () => {
  const text = 'one two three\nfour\n';
  const gone = diffSplices(text, 'one\n');
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
    const found = displaced(text, [splice], gone);
    assert.deepEqual(found, isUprooted ? [splice] : [], JSON.stringify(splice));
  }
});
