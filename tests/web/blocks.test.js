import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Blocks } from '../../web/text/blocks.js';
import { random } from './random.js';

const LINES = Array.from({ length: 2000 }, (_, index) => `line ${index} of a long text\n`);
const TEXT = LINES.join('');

/** What stands in each block. @param {Blocks<number>} blocks */
function parts(blocks) {
  let at = 0;
  return blocks.all.map(({ length }) => {
    at += length;
    return blocks.text.slice(at - length, at);
  });
}

/** @param {Blocks<number>} blocks */
function check(blocks) {
  const all = parts(blocks);
  assert.equal(all.join(''), blocks.text);
  for (const part of all.slice(0, -1)) assert.ok(part.endsWith('\n'));
  assert.ok(!all.at(-1)?.endsWith('\n'), 'the line behind the last newline is in a block');
}

/** How many had to be measured. @param {Blocks<number>} blocks */
function measure(blocks) {
  const missing = blocks.all.filter(({ value }) => value === null);
  for (const block of missing) block.value = 1;
  return missing.length;
}

test('whole lines, and together the text', () => {
  for (const text of ['', 'a', '\n', 'a\n', TEXT, `${TEXT}end`, 'x'.repeat(20_000)]) {
    /** @type {Blocks<number>} */
    const blocks = new Blocks();
    blocks.update(text);
    check(blocks);
  }
});

test('only what changed is measured again', () => {
  /** @type {Blocks<number>} */
  const blocks = new Blocks();
  blocks.update(TEXT);
  assert.ok(measure(blocks) > 8);
  blocks.update(TEXT.replace('line 1000 ', 'line one thousand '));
  assert.equal(measure(blocks), 1);
  blocks.update(`${blocks.text}more`);
  assert.ok(measure(blocks) <= 2);
});

test('whatever is changed, they stay true and keep the heights of the same text', () => {
  const dice = random(3);
  /** @type {Blocks<number>} */
  const blocks = new Blocks();
  /** @type {Map<number, string>} the text measured, by its height */
  const measured = new Map();
  let text = TEXT;
  for (let round = 0; round < 300; round++) {
    const [from, deleted] = [dice.below(text.length + 1), dice.below(6000)];
    const added = LINES.slice(0, dice.below(200))
      .join('')
      .slice(dice.pick([0, 3]));
    text = text.slice(0, from) + added + text.slice(from + deleted);
    blocks.update(text);
    check(blocks);
    const all = parts(blocks);
    for (const [index, block] of blocks.all.entries()) {
      const part = all[index] ?? '';
      if (block.value !== null) assert.equal(measured.get(block.value), part);
      else {
        block.value = measured.size;
        measured.set(block.value, part);
      }
    }
  }
});
