import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cursorIn, pointsIn } from '../../web/text/points.js';
import { random, randomText } from './random.js';

const PLAIN = 'a line of a long text without pairs\n';
const PAIRED = 'a 😀 and a 🎉, \ud800 alone\n';

/** Texts of one block and of several, some with pairs only here and there. */
const TEXTS = [
  ...['', 'abc', '😀', 'a😀b\n', PLAIN.repeat(2000), PAIRED.repeat(2000)],
  ...[PLAIN.repeat(900) + PAIRED + PLAIN.repeat(900), '😀'.repeat(15_000), 'x'.repeat(30_000)],
];

test('the length in code points', () => {
  for (const text of [...TEXTS, ...TEXTS.toReversed()])
    assert.equal(pointsIn(text), [...text].length);
});

test('positions and offsets, on the way through a text', () => {
  const dice = random(8);
  for (const text of TEXTS) {
    const characters = [...text];
    /** @type {number[]} the offset of each position, and of the end */
    const offsets = [0];
    for (const character of characters) offsets.push((offsets.at(-1) ?? 0) + character.length);
    for (let round = 0; round < 20; round++) {
      const positions = Array.from({ length: dice.below(9) }, () => dice.below(offsets.length));
      positions.push(0, characters.length);
      positions.sort((a, b) => a - b);
      const [there, back] = [cursorIn(text), cursorIn(text)];
      for (const position of positions) {
        const offset = offsets[position] ?? 0;
        assert.equal(there.offsetAt(position), offset);
        assert.equal(back.pointAt(offset), position);
      }
      assert.ok(there.offsetAt(characters.length + 2) > text.length);
      assert.equal(back.pointAt(text.length + 2), characters.length);
    }
  }
});

test('they are true of a large text after each change', () => {
  const dice = random(9);
  let text = PLAIN.repeat(800);
  for (let round = 0; round < 100; round++) {
    const [from, deleted] = [dice.below(text.length + 1), dice.below(dice.pick([1, 5000]))];
    const added = randomText(dice) + PAIRED.repeat(dice.below(100));
    text = text.slice(0, from) + added + text.slice(from + deleted);
    assert.equal(pointsIn(text), [...text].length);
    const at = dice.below(text.length + 1);
    assert.equal(cursorIn(text).pointAt(at), [...text.slice(0, at)].length);
  }
});
