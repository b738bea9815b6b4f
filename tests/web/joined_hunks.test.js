import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolutionOf } from '../../web/replica/decision.js';
import { joined } from '../../web/replica/joined_hunks.js';

/**
 * A conflict in which each `[base|ours|theirs]` is a hunk.
 *
 * @param {string} marked
 * @returns {any}
 */
function conflict(marked) {
  let text = '';
  const hunks = [];
  for (const part of marked.split(/(\[[^\]]*\])/)) {
    const [, base, ours, theirs] = /^\[(.*)\|(.*)\|(.*)\]$/s.exec(part) ?? [];
    if (ours === undefined) text += part;
    else {
      const start = [...text].length;
      text += ours;
      hunks.push({ start, end: [...text].length, base, ours, theirs });
    }
  }
  return { text, hunks };
}

/** @param {string} marked */
function sides(marked) {
  return joined(conflict(marked)).hunks.map((/** @type {any} */ { base, ours, theirs }) => [
    base,
    ours,
    theirs,
  ]);
}

test('two hunks of a line are one, with what is between them', () => {
  assert.deepEqual(sides('😀 Music: [the band|Jo alone|records], from [eight|nine|seven]\n'), [
    ['the band, from eight', 'Jo alone, from nine', 'records, from seven'],
  ]);
});

test('a resolution of the joined hunk replaces all of it', () => {
  const found = joined(conflict('😀 [a|b|c] and [d||f]!\nnext [g|h|i]\n'));
  const { text } = resolutionOf(found, ['c and f', 'i']);
  assert.equal(text, '😀 c and f!\nnext i\n');
});

test('hunks of different lines stay apart', () => {
  assert.equal(sides('[a|b|c]\n[d|e|f]\n').length, 2);
  assert.equal(sides('[a\n|b\n|c\n][d|e|f] g\n').length, 2, 'whole lines end before the next');
  assert.equal(sides('[||c\n][d|e|f]\n').length, 2);
});

test('the lines of the base are joined, once if they are the same', () => {
  const found = conflict('[a|b|c] and [d|e|f]\n');
  const line = 'a or d';
  found.hunks[0].base_lines = { text: line, start: 0, end: 1 };
  found.hunks[1].base_lines = { text: line, start: 5, end: 6 };
  assert.deepEqual(joined(found).hunks[0].base_lines, { text: line, start: 0, end: 6 });
  found.hunks[1].base_lines = { text: 'd', start: 0, end: 1 };
  assert.deepEqual(joined(found).hunks[0].base_lines, { text: 'a or d\nd', start: 0, end: 8 });
  found.hunks[0].base_lines = { text: 'a or…', start: 0, end: 1 };
  found.hunks[1].base_lines = { text: '…or d', start: 4, end: 5 };
  assert.deepEqual(joined(found).hunks[0].base_lines, { text: 'a … d', start: 0, end: 5 });
});
