// Markdown as blocks, and the tasks in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
// @ts-expect-error: it has no types
import spec from 'commonmark-spec';
import { blocksOf } from '../../web/preview/markdown.js';
import { tick } from '../../web/preview/tasks.js';
import * as marked from '../../web/vendor/marked.js';

/** @param {string} text */
const blocks = (text) => blocksOf(marked, text);

/** The text with all its tasks ticked, or the other way round. @param {string} text */
function ticked(text) {
  let [start, result] = [0, text];
  for (const { length, tasks } of blocks(text)) {
    for (const { offset, isDone } of tasks) {
      assert.notEqual(offset, -1, text);
      const splice = tick(result, start + offset, !isDone);
      assert(splice, `no task at ${start + offset} of ${JSON.stringify(text)}`);
      result = result.slice(0, splice[0]) + splice[2] + result.slice(splice[0] + splice[1]);
    }
    start += length;
  }
  return result;
}

test('the blocks cover the text, whatever it is', () => {
  const examples = /** @type {{markdown: string}[]} */ (spec.tests).map(({ markdown }) =>
    markdown.replaceAll('→', '\t'),
  );
  assert(examples.length > 600);
  for (const text of [...examples, examples.join('\n'), '', '\n\n', 'a\n\n[b]: c\n']) {
    const lengths = blocks(text).map(({ length }) => length);
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      text.length,
      text,
    );
  }
});

test('every checkbox is a task, and every task a checkbox', () => {
  const [block] = blocks('- [ ] a <input type="checkbox" checked>\n- [x] b\n');
  assert.equal(block?.html.match(/<input/g)?.length, 2);
  assert.equal(block?.tasks.length, 2);
  assert(!blocks('<input type=text>\n')[0]?.html.includes('<input'));
});

test('a block is the same whether its tasks are done or not', () => {
  assert.equal(blocks('- [ ] a\n')[0]?.html, blocks('- [x] a\n')[0]?.html);
});

for (const [before, after] of [
  ['- [ ] a\n- [x] b\n', '- [x] a\n- [ ] b\n'],
  ['Text.\n\n1. [X] a\n2) [ ] b\n', 'Text.\n\n1. [ ] a\n2) [x] b\n'],
  ['- a\n  - [ ] b\n\n    - [ ] c\n', '- a\n  - [x] b\n\n    - [x] c\n'],
  ['> - [ ] a\n> - [x] b\n', '> - [x] a\n> - [ ] b\n'],
  [
    '- [ ] a\n  ```\n  - [ ] code\n  ```\n- [ ] b\n',
    '- [x] a\n  ```\n  - [ ] code\n  ```\n- [x] b\n',
  ],
  ['- [ ] [ ] a\n', '- [x] [ ] a\n'],
  ['* [ ] 👍 a\n\n\n* [ ] b', '* [x] 👍 a\n\n\n* [x] b'],
  ['<details>\n\n- [ ] a\n\n</details>\n', '<details>\n\n- [x] a\n\n</details>\n'],
]) {
  test(`ticking ${JSON.stringify(before)}`, () => {
    assert.equal(ticked(before ?? ''), after);
  });
}

test('what is no task any more is not ticked', () => {
  assert.equal(tick('- [x] a', 3, true), null);
  assert.equal(tick('- [ ] a', 3, false), null);
  assert.equal(tick('- ( ) a', 3, true), null);
  assert.equal(tick('', 3, true), null);
});

test('an element around Markdown makes one block, one without an end does not', () => {
  const one = blocks('<details>\n<summary>s</summary>\n\n*a*\n\n</details>\n\nb\n');
  assert.equal(one.length, 2);
  assert.match(one[0]?.html ?? '', /<details>.*<em>a<\/em>.*<\/details>/s);
  assert.equal(blocks('<div>\n\na\n\nb\n').length, 3);
});
