import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffSplices, typedAt } from '../../web/text/diff_splices.js';
import { apply } from '../../web/text/splices.js';
import { random, randomText } from './random.js';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/splices.json', import.meta.url), 'utf8'),
);

test('between leads from one text to the other', () => {
  for (const { before, after } of vectors.between) {
    assert.equal(apply(before, diffSplices(before, after)), after);
  }
});

test('changes at two places are two splices', () => {
  assert.deepEqual(diffSplices('The quick brown fox', 'The slow brown dog'), [
    [4, 5, 'slow'],
    [16, 3, 'dog'],
  ]);
});

test('an insertion begins with a line or a word where it can', () => {
  assert.deepEqual(diffSplices('(b)', '(a) (b)'), [[0, 0, '(a) ']]);
  assert.deepEqual(diffSplices('- one\n- three\n', '- one\n- two\n- three\n'), [[6, 0, '- two\n']]);
  assert.deepEqual(diffSplices('(a) (b) (c)', '(a) (c)'), [[4, 4, '']]);
  assert.deepEqual(diffSplices('x 😀', 'x 😀 😀'), [[3, 0, ' 😀']]);
});

test('a line that comes or goes is whole while another is ticked', () => {
  const list = '- [ ] milk\n- [ ] bread\n- [ ] beans\n- [ ] eggs\n';
  const lines = list.split(/(?<=\n)/);
  const ticked = lines.map((line) => line.replace('[ ]', '[x]'));
  for (const [tick] of lines.entries()) {
    for (const [at] of lines.entries()) {
      const rest = lines.with(tick, ticked[tick] ?? '');
      const start = lines.slice(0, at).join('').length;
      /** @type {import('../../web/text/splices.js').Splice} */
      const came = [start, 0, '- [ ] butter\n'];
      const marked = lines.slice(0, tick).join('').length + 3;
      /** @type {import('../../web/text/splices.js').Splice[]} */
      const both = [came, [marked, 1, 'x']];
      if (tick === at) continue; // "butter\n- [x] " came behind a mark: it may be that, too
      both.sort((a, b) => a[0] - b[0]);
      const added = rest.toSpliced(at, 0, came[2]).join('');
      assert.deepEqual(diffSplices(list, added), both, added);
    }
  }
});

test('a line that goes is whole while another is ticked', () => {
  const list = '- [ ] milk\n- [ ] bread\n- [ ] beans\n- [ ] eggs\n';
  assert.deepEqual(diffSplices(list, '- [ ] milk\n- [ ] beans\n- [x] eggs\n'), [
    [11, 12, ''],
    [38, 1, 'x'],
  ]);
  assert.deepEqual(diffSplices(list, '- [x] milk\n- [ ] bread\n- [ ] eggs\n'), [
    [3, 1, 'x'],
    [23, 12, ''],
  ]);
});

test('what could have come at several places came as lines, else sentences, else words', () => {
  assert.deepEqual(diffSplices('- a\n- c\n', '- a\n- b\n- c\n'), [[4, 0, '- b\n']]);
  assert.deepEqual(diffSplices('It is. No.', 'It is. It was. No.'), [[7, 0, 'It was. ']]);
  assert.deepEqual(diffSplices('one tea two', 'one tea ten two'), [[8, 0, 'ten ']]);
});

test('several letters of a line and a letter of the next are two changes', () => {
  assert.deepEqual(diffSplices('x: aaa\ny: bbb\n', 'x: aca\ny: bcb\n'), [
    [4, 1, 'c'],
    [11, 1, 'c'],
  ]);
});

test('a typed letter is one insertion, also inside a word', () => {
  assert.deepEqual(diffSplices('helo world', 'hello world'), [[3, 0, 'l']]);
});

test('no character is cut in two', () => {
  assert.deepEqual(diffSplices('a😀b', 'a😁b'), [[1, 1, '😁']]);
  assert.deepEqual(diffSplices('cafe', 'cafe\u0301'), [[3, 1, 'e\u0301']]);
  assert.deepEqual(diffSplices('a\r\nb', 'a\nb'), [[1, 2, '\n']]);
});

test('a large rewritten text is replaced in bounded time', () => {
  const before = Array.from({ length: 30_000 }, (_, n) => `a${n}`).join(' ');
  const after = Array.from({ length: 30_000 }, (_, n) => `b${n}`).join(' ');
  assert.equal(apply(before, diffSplices(before, after)), after);
});

test('what was typed is where the caret is', () => {
  assert.deepEqual(typedAt('all', 'alll', 2), [[1, 0, 'l']]);
  assert.deepEqual(typedAt('all', 'alll', 4), [[3, 0, 'l']]);
  assert.deepEqual(typedAt('alll', 'all', 1), [[1, 1, '']]);
  assert.deepEqual(typedAt('one two', 'one 2', 5), [[4, 3, '2']]);
  assert.deepEqual(typedAt('😀 a', '😁 a', 2), [[0, 1, '😁']]);
  assert.deepEqual(typedAt('a', 'a', 1), []);
});

test('what was typed makes the text, wherever the caret is', () => {
  const dice = random(5);
  for (let run = 0; run < 5000; run++) {
    const [before, after] = [randomText(dice), randomText(dice)];
    const caret = dice.below(after.length + 1);
    assert.equal(apply(before, typedAt(before, after, caret)), after);
  }
});
