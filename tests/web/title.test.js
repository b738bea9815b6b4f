import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { titleOf } from '../../web/text/title.js';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/titles.json', import.meta.url), 'utf8'),
);

test('the title is the first line with a word, as on the server', () => {
  for (const [text, title] of vectors) assert.equal(titleOf(text), title, text);
});

test('a text of a megabyte without a word has no title, and a line of a megabyte has one', () => {
  assert.equal(titleOf('-\n'.repeat(500_000)), '');
  assert.match(titleOf(`- word ${',x '.repeat(400_000)}`), /^- word ,x .{20,50}…$/);
});
