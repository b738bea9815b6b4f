import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Digest } from '../../web/people/digest.js';
import { apply } from '../../web/text/splices.js';

/** @typedef {import('../../web/text/splices.js').Splice} Splice */

const LONG_AGO = Number.NEGATIVE_INFINITY;

/** A digest of updates, and the text after them. @param {string} text */
function reading(text) {
  const digest = new Digest();
  return {
    digest,
    /** @param {string} who @param {Splice[]} splices */
    add(who, ...splices) {
      digest.add({ who, splices, before: text });
      text = apply(text, splices);
    },
    /** @param {number} nowMs @param {number} typedMs */
    take: (nowMs = 0, typedMs = LONG_AGO) => digest.take(nowMs, typedMs, text),
  };
}

test('who added what where', () => {
  const { add, take } = reading('one\ntwo\n');
  add('Bo', [4, 0, 'here are four words ']);
  assert.equal(take(), 'Bo added 4 words at line 2.');
});

test('words typed letter by letter are counted once each', () => {
  const { add, take } = reading('one\n');
  [...'hello big 😀 world'].forEach((letter, index) => {
    add('Bo', [4 + index, 0, letter]);
  });
  assert.equal(take(), 'Bo added 4 words at line 2.');
});

test('what was removed, and what was changed within words', () => {
  const text = 'alpha beta gamma\ndelta\n';
  const removing = reading(text);
  removing.add('Bo', [6, 5, '']);
  assert.equal(removing.take(), 'Bo removed 1 word at line 1.');
  const both = reading(text);
  both.add('Bo', [6, 11, ''], [23, 0, 'x y z']);
  assert.equal(both.take(), 'Bo added 3 words and removed 2, at lines 1 to 2.');
  const changing = reading(text);
  changing.add('Bo', [17, 1, 'D']);
  assert.equal(changing.take(), 'Bo changed line 2.');
});

test('a place moves with the text before it', () => {
  const { add, take } = reading('😀\none\n');
  add('Bo', [2, 0, 'x ']);
  add('Ann', [0, 0, 'new\nlines\n']);
  assert.equal(take(), 'Bo added 1 word at line 4. Ann added 2 words at lines 1 to 2.');
});

test('lines added after others are counted without the line break before them', () => {
  const { add, take } = reading('one\n');
  add('Bo', [3, 0, '\ntwo three']);
  assert.equal(take(), 'Bo added 2 words at line 2.');
});

test('more than three are not named', () => {
  const { add, take } = reading('');
  for (const who of ['A', 'B', 'C', 'D', 'E']) add(who, [0, 0, 'x ']);
  assert.match(take(), /^A added 1 word .* C added 1 word at line 1\. 2 others made edits too\.$/);
});

test('it speaks at most every 15 seconds, and not while the user types', () => {
  const { add, take } = reading('');
  assert.equal(take(), '');
  add('Bo', [0, 0, 'a ']);
  assert.equal(take(1_000, 500), '');
  assert.notEqual(take(3_000, 500), '');
  assert.equal(take(4_000), '', 'nothing is said twice');
  add('Bo', [0, 0, 'b ']);
  assert.equal(take(17_999), '');
  add('Bo', [0, 0, 'c ']);
  assert.equal(take(18_000), 'Bo added 2 words at line 1.');
});

test('what was cleared is not announced', () => {
  const { digest, add, take } = reading('');
  add('Bo', [0, 0, 'a ']);
  digest.clear();
  assert.equal(take(), '');
});
