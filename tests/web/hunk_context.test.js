import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfResult, hunkContext, linesOf } from '../../web/conflict/hunk_context.js';

/** @typedef {import('../../web/replica/protocol.js').Hunk} Hunk */
/** @typedef {import('../../web/conflict/hunk_context.js').Part} Part */

/**
 * A conflict in which each `[ours|theirs]` is a hunk.
 *
 * @param {string} marked
 * @returns {any}
 */
function conflict(marked) {
  let text = '';
  /** @type {Hunk[]} */
  const hunks = [];
  for (const part of marked.split(/(\[[^\]]*\])/)) {
    const [, ours, theirs] = /^\[(.*)\|(.*)\]$/s.exec(part) ?? [];
    if (ours === undefined || theirs === undefined) text += part;
    else {
      const start = [...text].length;
      text += ours;
      hunks.push({ start, end: [...text].length, base: 'base', ours, theirs });
    }
  }
  return { text, hunks };
}

/** @param {Part[]} parts */
function read(parts) {
  return parts.map((part) => (typeof part === 'string' ? part : `<${part.theirs}>`)).join('');
}

/** @param {string} marked @param {number} [index] */
function around(marked, index = 0) {
  const { above, before, after, below } = hunkContext(conflict(marked), index);
  return [above, before, after, below].map(read);
}

test('two lines above and below, and the rest of the line', () => {
  const text = 'one\ntwo\nthree\nfour [a|b] five\nsix\nseven\neight\n';
  assert.deepEqual(around(text), ['two\nthree\n', 'four ', ' five', 'six\nseven']);
});

test('at the ends of the text there is less', () => {
  assert.deepEqual(around('[a|b]'), ['', '', '', '']);
  assert.deepEqual(around('[a|b]\n'), ['', '', '', '']);
  assert.deepEqual(around('\n[a|b]\n\nx'), ['\n', '', '', '\nx']);
});

test('other hunks are set apart: on the line, and above and below it', () => {
  const text = '[A|a]\none [B|b] two [C|c] three\n[D|d]\n';
  assert.deepEqual(around(text, 1), ['<a>\n', 'one ', ' two <c> three', '<d>']);
  assert.deepEqual(around(text, 2), ['<a>\n', 'one <b> two ', ' three', '<d>']);
});

test('a line end within another hunk ends no line', () => {
  assert.deepEqual(around('x\none [B\nB|b] two [C|c]', 1), ['x\n', 'one <b> two ', '', '']);
  assert.deepEqual(around('[B|b] two [C\nC|c] x\ny', 0), ['', '', ' two <c> x', 'y']);
});

test('hunks of whole lines take nothing of the next line', () => {
  const { text, hunks } = conflict('one\n[two\n|deux\n]three\nfour\nfive\n');
  hunks[0].base = '';
  const { before, after, below } = hunkContext({ text, hunks }, 0);
  assert.deepEqual([before, after, below].map(read), ['', '', 'three\nfour']);
});

test('lines end with CRLF as well, and letters beyond the basic plane count once', () => {
  assert.deepEqual(around('😀 one\r\ntwo [a|b] three\r\nfour\r\n'), [
    '😀 one\r\n',
    'two ',
    ' three',
    'four',
  ]);
});

test('a line is one of what the person sees: others may have written above', () => {
  const found = conflict('new\nnewer\none [a|b]\ntwo [c|d]\n');
  assert.deepEqual(linesOf(found, 'one b\ntwo d\n'), [1, 2]);
  assert.deepEqual(linesOf(found, found.text), [3, 4]);
});

test('the end of a result in what is shown after the decision', () => {
  const found = conflict('one [a|b] two [c|d]\nthree\n');
  const results = ['longer', 'x\n'];
  const local = 'one longer two x\n\nthree\n';
  assert.equal(endOfResult(found, results, 0, local), 'one longer'.length);
  assert.equal(endOfResult(found, results, 1, local), 'one longer two x'.length);
  assert.equal(endOfResult(found, results, 1, `new ${local}`), 'new one longer two x'.length);
});
