import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../web/between.js';
import { mergeKeepingAll, rebase } from '../../web/rebase.js';
import { apply } from '../../web/splices.js';
import { random, randomText } from './random.js';

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
  assert.equal(meet('ab \n', 'ab mine \n', 'ab theirs \n'), 'ab mine theirs \n');
  assert.equal(meet('ab', 'ab mine', 'ab theirs'), 'ab mine theirs');
  assert.equal(meet('ab\n', 'ab\nmine\n', 'ab\ntheirs\n'), 'ab\nmine\ntheirs\n');
  assert.equal(meet('日本', '日月本', '日火本'), '日月火本');
});

test('insertions at one point touch where a word would be torn or two become one', () => {
  assert.equal(meet('ab \n', 'ab mine\n', 'ab theirs\n'), null, 'minetheirs');
  assert.equal(meet('', 'w0012', 'w0013'), null, 'w0012w0013');
  assert.equal(meet('w1', 'w1 w3', 'w12'), null, 'w1 w32');
  assert.equal(meet('w1', 'w12', 'w1 w3'), 'w12 w3');
  assert.equal(meet('w1', '2w1', 'w3 w1'), null, '2w3 w1');
  assert.equal(meet('w1', 'w3 w1', '2w1'), 'w3 2w1');
  assert.equal(meet('It rained', 'It rained a lot', 'It rained.'), null, 'a lot.');
  assert.equal(meet('ab', 'ax b', 'a yb'), null, 'both in one word');
  assert.equal(meet('b', 'x b', '\u0301y b'), null, 'the accent would be on the blank');
});

test('changes of one word touch wherever in it they are', () => {
  assert.equal(meet('bo0001 ', 'bo0008 bo0011 ', 'ann0012 ann0008 '), null);
  assert.equal(meet('w0012 w0021', 'w0011 w0012 w0021', 'w0013 w0021'), null);
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

/**
 * A person types: whole words (digits make them alike), letters that go on with one, and takes out
 * words again. A blank stands where words would be one without it, and nowhere else.
 *
 * @param {import('./random.js').Dice} dice
 * @param {string} text
 */
function typing(dice, text) {
  for (let count = dice.below(3); count >= 0; count--) {
    const places = [
      0,
      ...[...text.matchAll(/\S+/g)].flatMap((m) => [m.index, m.index + m[0].length]),
    ];
    const at = dice.pick([...places, text.length]);
    const [before, behind] = [text.slice(0, at), text.slice(at)];
    const word = `w00${dice.below(2)}${dice.below(3)}`;
    const kind = dice.below(8);
    if (kind < 2) text = before.replace(/\S+$/, dice.pick([word, ''])) + behind;
    else if (kind < 3) text = before + dice.below(3) + behind;
    else text = `${before.replace(/\S$/, '$& ')}${word}${behind.replace(/^\S/, ' $&')}`;
    if (dice.below(4) === 0) text += dice.pick([' ', '\n']);
  }
  return text;
}

test('every word of the result is a word of one of the two', () => {
  const dice = random(3);
  const wordsOf = (/** @type {string} */ text) => text.match(/\S+/g) ?? [];
  let merged = 0;
  for (let run = 0; run < 20_000; run++) {
    const text = typing(dice, typing(dice, ''));
    const [typed, target] = [typing(dice, text), typing(dice, text)];
    const result = meet(text, typed, target);
    if (result === null) continue;
    const known = new Set([...wordsOf(typed), ...wordsOf(target)]);
    const torn = wordsOf(result).filter((word) => !known.has(word));
    assert.deepEqual(torn, [], JSON.stringify({ text, typed, target, result }));
    merged++;
  }
  assert.ok(merged > 2_000, `only ${merged} met`);
});

test('where nobody can be asked, everything written stays', () => {
  const text = 'one two three';
  const local = between(text, 'one TWO 3');
  const remote = between(text, 'one zwei three');
  assert.equal(mergeKeepingAll(text, local, remote), 'one TWO zwei 3');
});
