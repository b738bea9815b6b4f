import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nearestName, problemOf } from '../../web/ui/names.js';
import { newName } from '../../web/ui/new_name.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/names.json', import.meta.url), 'utf8'));

test('what the server takes is a name, and nothing else', () => {
  for (const name of vectors.valid) assert.equal(problemOf(name), null, name);
  for (const name of vectors.invalid) assert.match(problemOf(name) ?? '', /\.$/, name);
});

test('what is wrong with a name is said', () => {
  const said = {
    '': 'Enter a name.',
    Notes: 'Use lowercase letters only.',
    'a b': 'Use hyphens instead of spaces.',
    ä: 'Use only a–z, 0–9, dots, hyphens and underscores.',
    '../x': 'Use only a–z, 0–9, dots, hyphens and underscores.',
    '-a': 'Start with a letter or a number.',
    'a..b': 'Don’t use two dots in a row.',
    'a.git': 'The name can’t end in .git or .lock.',
    'docs/': 'Enter a name after the slash.',
    '/docs': 'Don’t use a slash at the start, or two in a row.',
    'a/b/c/d/e': 'Use at most 3 folders.',
    'notes/view': 'The word “view” is reserved. Use another one.',
    'a/b.': 'A name with folders can’t have a part that ends in a dot.',
  };
  for (const [name, sentence] of Object.entries(said)) assert.equal(problemOf(name), sentence);
});

test('a new name is a valid one, and another each time', () => {
  assert.equal(problemOf(newName()), null);
  assert.notEqual(newName(), newName());
});

test('the nearest name is the one that the server suggests', () => {
  for (const [wish, name] of vectors.nearest) assert.equal(nearestName(wish), name, wish);
});
