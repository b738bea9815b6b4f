import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfResult, linesOf, restOfLine } from '../../web/conflict/hunk_context.js';

/** @typedef {import('../../web/replica/protocol.js').Hunk} Hunk */

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

test('the rest of the line, which ends with LF or CRLF', () => {
  const text = 'three\nfour [a|b] five\nsix\n';
  assert.deepEqual(restOfLine(conflict(text), 0), ['four ', ' five']);
  assert.deepEqual(restOfLine(conflict('😀\r\ntwo [a|b] three\r\nfour\r\n'), 0), [
    'two ',
    ' three',
  ]);
  for (const whole of ['[a|b]', '[a|b]\n', '\n[a|b]\n\nx']) {
    assert.deepEqual(restOfLine(conflict(whole), 0), ['', ''], whole);
  }
});

test('around whole lines there is nothing', () => {
  const { text, hunks } = conflict('one\n[two\n|deux\n]three\nfour\n');
  hunks[0].base = '';
  assert.deepEqual(restOfLine({ text, hunks }, 0), ['', '']);
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
