import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { bytesIn, checkOf } from '../../web/text/checksum.js';
import { random, randomText } from './random.js';

const LINE = 'a line of a long text, naïve – and 日本 😀\n';

/** @param {string} text */
function check(text) {
  const bytes = new TextEncoder().encode(text);
  assert.equal(checkOf(text), crc32(bytes));
  assert.equal(bytesIn(text), bytes.length);
}

test('it is that of zlib, whatever the text before was', () => {
  const texts = [
    '',
    'a',
    '123456789',
    '\0',
    '\ud800 alone',
    LINE,
    LINE.repeat(3000),
    'x'.repeat(9999),
  ];
  for (const text of [...texts, ...texts.toReversed()]) check(text);
  assert.equal(checkOf('123456789'), 0xcbf43926);
});

test('a change anywhere in a large text counts', () => {
  const dice = random(7);
  let text = LINE.repeat(1000);
  for (let round = 0; round < 200; round++) {
    const [from, deleted] = [dice.below(text.length + 1), dice.below(dice.pick([1, 9, 6000]))];
    const added = randomText(dice) + LINE.repeat(dice.below(dice.pick([1, 150])));
    text = text.slice(0, from) + added + text.slice(from + deleted);
    check(text);
    assert.notEqual(checkOf(`${text}.`), checkOf(text));
  }
});
