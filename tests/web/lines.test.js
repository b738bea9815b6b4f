import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOfLines, positionIn, targetOf } from '../../web/editor/line_address.js';
import { headingsIn } from '../../web/text/headings.js';
import { LineIndex } from '../../web/text/line_index.js';
import { Slugs } from '../../web/text/slugs.js';
import { random } from './random.js';

test('an address names a line, several, or a heading', () => {
  assert.deepEqual(targetOf('#L12'), { first: 12, last: 12 });
  assert.deepEqual(targetOf('#L12-L20'), { first: 12, last: 20 });
  assert.deepEqual(targetOf('#L20-12'), { first: 12, last: 20 });
  assert.deepEqual(targetOf('#l12'), { slug: 'l12' });
  assert.deepEqual(targetOf('#%C3%BCber-uns'), { slug: 'über-uns' });
  assert.deepEqual(targetOf('#50%'), { slug: '50%' });
  for (const hash of ['', '#']) assert.equal(targetOf(hash), null);
  assert.deepEqual(
    ['#L3', '#L3-L5'].map((hash) => hashOfLines(/** @type {any} */ (targetOf(hash)))),
    ['#L3', '#L3-L5'],
  );
});

test('a line number may have a column', () => {
  assert.deepEqual(positionIn(' 12 '), { line: 12, column: 1 });
  assert.deepEqual(positionIn('12:5'), { line: 12, column: 5 });
  assert.deepEqual(positionIn('12, 5'), { line: 12, column: 5 });
  for (const typed of ['', 'x', '-1', '1:2:3', '1:', '1e3', '12345678901'])
    assert.equal(positionIn(typed), null, typed);
});

test('lines and offsets belong together, in large texts that change as well', () => {
  const [index, dice] = [new LineIndex(), random(3)];
  let text = '';
  for (let round = 0; round < 12; round++) {
    const at = dice.below(text.length + 1);
    const put =
      'word\n'.repeat(dice.below(3000)) + 'x'.repeat(dice.below(3)) + '\n'.repeat(dice.below(3));
    text = text.slice(0, at) + put + text.slice(at + dice.below(9000));
    index.update(text);
    const lines = text.split('\n');
    assert.equal(index.count, Math.max(1, lines.length - Number(text.endsWith('\n'))));
    for (const line of [1, 2, 1 + dice.below(lines.length), lines.length]) {
      const start =
        line > lines.length ? null : lines.slice(0, line - 1).join('\n').length + Number(line > 1);
      assert.equal(index.startOf(line), start);
      if (start === null) continue;
      const end = start + /** @type {string} */ (lines[line - 1]).length;
      assert.equal(index.endOf(start), end);
      assert.deepEqual([index.lineAt(start), index.lineAt(end)], [line, line]);
    }
    assert.deepEqual([index.startOf(0), index.startOf(lines.length + 1)], [null, null]);
  }
});

/** @param {string} text */
const slugs = (text) => headingsIn(text).map(({ slug }) => slug);

test('headings have the names that GitHub gives them', () => {
  for (const [title, slug] of [
    ['Hello, World!', 'hello-world'],
    ['C++ & C#', 'c--c'],
    ['Über uns – 日本語', 'über-uns--日本語'],
    ['`code_x` and _this_ **bold** snake_case', 'code_x-and-this-bold-snake_case'],
    ['A [link](http://example.org "x") ![picture](p.png)<br>end', 'a-link-end'],
    ['3.14 (π)', '314-π'],
    ['What’s next?', 'whats-next'],
    ['Trailing ##', 'trailing'],
    ['C#', 'c'],
  ])
    assert.deepEqual(slugs(`# ${title}`), [slug], title);
  const names = new Slugs();
  const titles = ['a', 'a', 'a-1', 'a', '', ''];
  assert.deepEqual(
    titles.map((title) => names.of(title)),
    ['a', 'a-1', 'a-1-1', 'a-2', '', '-1'],
  );
});

test('headings are those of Markdown', () => {
  const text = [
    '# one',
    '```',
    '# code',
    '~~~',
    '````',
    '   ###### two ######',
    '#no',
    '####### no',
    '',
    '    # code',
    '- item',
    '---',
    '',
    'of two',
    'lines',
    '===',
    '---',
    '#',
  ].join('\n');
  assert.deepEqual(slugs(text), ['one', 'two', 'of-two-lines', '']);
  const places = headingsIn(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(places.slice(1, 3), ['   ###### two ######', 'of two\nlines\n===']);
});

test('a text that is made to be slow is not', () => {
  const before = process.cpuUsage();
  for (const text of [
    `# ${' '.repeat(1e5)}x`,
    `# ${'_ '.repeat(1e5)}`,
    `# ${'[_'.repeat(140)}\n`.repeat(300),
  ])
    headingsIn(text);
  assert.ok(process.cpuUsage(before).user < 2e6);
});
