import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripesOf } from '../../web/history/line_authors.js';
import { pieceOf } from '../../web/history/pieces.js';

test('a line belongs to who wrote most of it', () => {
  const pieces = [
    pieceOf('# Title\r\n\r\n', 0),
    pieceOf('a ', 0),
    pieceOf('longer word', 1),
    pieceOf('\n', 0),
    pieceOf('more\n\nof it', 1),
    pieceOf('?', null),
  ];
  assert.deepEqual(stripesOf(pieces), [
    { author: 0, start: 0, end: 7, first: 1, last: 1 },
    { author: 1, start: 9, end: 35, first: 3, last: 6 },
  ]);
});

test('blank lines between lines of one author do not divide them', () => {
  assert.deepEqual(stripesOf([pieceOf('one\n\n \ntwo\n', 3)]), [
    { author: 3, start: 0, end: 10, first: 1, last: 4 },
  ]);
});

test('what nobody is known to have written has no stripe', () => {
  assert.deepEqual(stripesOf([]), []);
  assert.deepEqual(stripesOf([pieceOf('one\ntwo', null)]), []);
});
