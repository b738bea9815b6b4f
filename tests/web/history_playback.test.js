import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piecesOf, spliced } from '../../web/history/pieces.js';
import { Playback } from '../../web/history/playback.js';
import { apply } from '../../web/text/splices.js';
import { random } from './random.js';

/** @typedef {import('../../web/history/pieces.js').Piece} Piece */
/** @typedef {import('../../web/history/playback.js').Step} Step */
/** @typedef {import('../../web/text/splices.js').Splice} Splice */

/** @param {readonly Piece[]} pieces */
const textOf = (pieces) => pieces.map(({ text }) => text).join('');

/** @param {number} time @param {Splice[]} splices @param {number} [author] @returns {Step} */
const step = (time, splices, author = 0) => ({ revision: `r${time}`, time, author, splices });

test('pieces say who wrote what', () => {
  const { pieces, last } = spliced(piecesOf('one two'), [[4, 3, '😀!']], 1);
  assert.deepEqual(pieces, [
    { text: 'one ', length: 4, author: null },
    { text: '😀!', length: 2, author: 1 },
  ]);
  assert.equal(last, 1);
  const more = spliced(pieces, [[6, 0, '?']], 1);
  assert.deepEqual(more.pieces.at(-1), { text: '😀!?', length: 3, author: 1 });
  assert.equal(more.pieces[0], pieces[0], 'what is not touched stays the same object');
  const inside = spliced(pieces, [[5, 0, 'x']], 2);
  assert.deepEqual(
    inside.pieces.map(({ author }) => author),
    [null, 1, 2, 1],
  );
});

test('whatever the steps, the pieces are the text', () => {
  const { below: pick } = random(7);
  for (let round = 0; round < 200; round++) {
    let text = 'a line 😀\n'.repeat(pick(600));
    let pieces = piecesOf(text);
    for (let count = pick(20); count > 0; count--) {
      const length = [...text].length;
      const start = pick(length + 1);
      const middle = start + pick(Math.min(5, length - start) + 1);
      /** @type {Splice[]} */
      const splices = [[start, middle - start, ['', 'x', '😀\n'][pick(3)] ?? '']];
      if (middle < length) splices.push([middle + 1, 0, 'end']);
      text = apply(text, splices);
      pieces = spliced(pieces, splices, pick(3)).pieces;
      assert.equal(textOf(pieces), text);
    }
    assert.ok(pieces.every((piece) => piece.length === [...piece.text].length && piece.length > 0));
  }
});

test('steps come in their rhythm, without the pauses', () => {
  const playback = new Playback('', [
    step(100, [[0, 0, 'a']]),
    step(100, [[1, 0, 'b']]),
    step(100_000, [[2, 0, 'c']], 1),
  ]);
  assert.equal(playback.count, 3);
  assert.equal(playback.at, 0);
  assert.ok(playback.advance(0));
  assert.equal(textOf(playback.pieces), 'a');
  assert.ok(!playback.advance(499));
  assert.ok(playback.advance(1));
  assert.equal(textOf(playback.pieces), 'ab');
  assert.ok(!playback.advance(499));
  assert.ok(playback.advance(1));
  assert.ok(playback.isAtEnd);
  assert.equal(playback.step?.time, 100_000);
});

test('one can go to any moment, and on from there', () => {
  const playback = new Playback('x', [
    step(1, [[1, 0, 'a']]),
    step(2, [[2, 0, 'b']]),
    step(3, [[0, 1, '']]),
  ]);
  playback.seek(3);
  assert.equal(textOf(playback.pieces), 'ab');
  playback.seek(1);
  assert.equal(textOf(playback.pieces), 'xa');
  assert.equal(playback.at, 1);
  assert.ok(!playback.advance(999));
  assert.ok(playback.advance(1));
  assert.equal(textOf(playback.pieces), 'xab');
  playback.seek(0);
  assert.equal(textOf(playback.pieces), 'x');
});

test('without steps it is at its end', () => {
  const playback = new Playback('x', []);
  assert.ok(playback.isAtEnd);
  assert.ok(!playback.advance(1000));
});
