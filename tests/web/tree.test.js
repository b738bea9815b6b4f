import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootFrom } from '../../web/ui/addresses.js';
import { fileOf } from '../../web/ui/export_text.js';
import { treeOf } from '../../web/ui/tree.js';

test('documents are in their folders, in order', () => {
  const tree = treeOf(['a/b/x', 'a/y', 'docs', 'docs/z', 'top']);
  assert.deepEqual(tree.documents, ['docs', 'top']);
  assert.deepEqual([...tree.folders.keys()], ['a', 'docs']);
  const [a, docs] = tree.folders.values();
  assert.deepEqual(a?.documents, ['a/y']);
  assert.deepEqual(a?.folders.get('b')?.documents, ['a/b/x']);
  assert.deepEqual(docs?.documents, ['docs/z']);
});

test('the start page is as far up as the folders are deep', () => {
  assert.equal(new URL(rootFrom('notes'), 'http://h/p/d/notes').href, 'http://h/p/');
  assert.equal(new URL(rootFrom('a/b/x'), 'http://h/p/d/a/b/x').href, 'http://h/p/');
});

test('a file has the last part of the name', () => {
  assert.deepEqual(['notes', 'a.b/notes', 'docs/plan.md'].map(fileOf), [
    'notes.txt',
    'notes.txt',
    'plan.md',
  ]);
});
