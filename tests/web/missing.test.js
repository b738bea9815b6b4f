import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasAll, withMissing } from '../../web/replica/missing.js';
import { words } from '../../web/text/diff.js';
import { random, randomText } from './random.js';

test('what is missing is added where it stood', () => {
  assert.equal(withMissing('a\nc\n', 'a\nb\nc\nd\n'), 'a\nb\nc\nd\n');
  assert.equal(withMissing('one three\n', 'one two three\n'), 'one two three\n');
  assert.equal(withMissing('', 'a\nb'), 'a\nb');
  assert.equal(withMissing('a', 'a\nb'), 'a\nb');
});

test('what is more stays', () => {
  assert.equal(withMissing('a\nb\nc\n', 'a\nc\n'), 'a\nb\nc\n');
  assert.equal(withMissing('one two three\n', 'one three\n'), 'one two three\n');
  assert.equal(withMissing('a\nb', ''), 'a\nb');
  assert.equal(withMissing('Bo: typed since\n', 'Bo: \nLater.\n'), 'Bo: typed since\nLater.\n');
});

test('of lines with different words both are kept', () => {
  assert.equal(
    withMissing('Meet on Monday.\nBring cake.\n', 'Meet on Friday.\nBring cake.\n'),
    'Meet on Monday.\nMeet on Friday.\nBring cake.\n',
  );
  assert.equal(withMissing('one', 'two'), 'one\ntwo');
});

test('a text with all of another lacks nothing of it', () => {
  assert.ok(hasAll('a\nb\nc\n', 'b\n') && hasAll('', '') && hasAll('one two', 'two'));
  assert.ok(!hasAll('a\n', 'b\n') && !hasAll('one two', 'two one'));
});

test('whatever the texts, no word of either is missing, and once is enough', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const dice = random(seed);
    const [text, other] = [randomText(dice), randomText(dice)];
    const all = withMissing(text, other);
    for (const side of [text, other]) {
      for (const word of words(side).filter((it) => it.trim())) {
        assert.ok(all.includes(word), `seed ${seed}: no ${word} in ${JSON.stringify(all)}`);
      }
    }
    assert.ok(hasAll(all, other), `seed ${seed}: ${JSON.stringify([text, other, all])}`);
  }
});

test('large texts that have little in common take little time', () => {
  const text = Array.from({ length: 60_000 }, (_, line) => `a${line}\n`).join('');
  const other = Array.from({ length: 60_000 }, (_, line) => `b${line}\n`).join('');
  assert.equal(withMissing(text, other), text + other);
  const longer = text.replaceAll('\n', ' and more\n');
  assert.equal(withMissing(text, longer), longer);
});
