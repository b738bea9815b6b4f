import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newName, problemOf } from '../../web/names.js';

test('what the server takes is a name', () => {
  for (const name of ['notes', 'notes.md', '1', 'a-b_c', 'a'.repeat(64)]) {
    assert.equal(problemOf(name), null, name);
  }
});

test('what it does not take is explained', () => {
  const bad = [
    '',
    'Notes',
    'a b',
    'ä',
    '-a',
    '.a',
    '../x',
    'a..b',
    'a.git',
    'a.lock',
    'a/b',
    'a'.repeat(65),
  ];
  for (const name of bad) assert.match(problemOf(name) ?? '', /\.$|-$/, name);
});

test('a new name is a valid one, and another each time', () => {
  assert.equal(problemOf(newName()), null);
  assert.notEqual(newName(), newName());
});
