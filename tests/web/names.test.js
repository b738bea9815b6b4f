import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nearestName, problemOf } from '../../web/ui/names.js';
import { newName } from '../../web/ui/new_name.js';

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
  for (const name of bad) assert.match(problemOf(name) ?? '', /\.$/, name);
});

test('a new name is a valid one, and another each time', () => {
  assert.equal(problemOf(newName()), null);
  assert.notEqual(newName(), newName());
});

test('the nearest name is the one that the server suggests', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/names.json', import.meta.url), 'utf8'),
  );
  for (const [wish, name] of vectors.nearest) assert.equal(nearestName(wish), name, wish);
});
