import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterTyping, endingOf, offsetInText, shown, withEndings } from '../../web/text/endings.js';

test('a textarea shows LF only', () => {
  assert.equal(shown('a\r\nb\rc\nd'), 'a\nb\nc\nd');
});

test('the ending of new lines is that of most lines', () => {
  assert.equal(endingOf('a\r\nb\r\nc\n'), '\r\n');
  assert.equal(endingOf('a\nb\nc\r\n'), '\n');
  assert.equal(endingOf(''), '\n');
  assert.equal(withEndings('x\ny', 'a\r\nb'), 'x\r\ny');
});

test('typing changes no ending that it does not touch', () => {
  assert.equal(afterTyping('a\r\nb\nc\rd\r\n', 'a\nb!\nc\nd\n'), 'a\r\nb!\nc\rd\r\n');
  assert.equal(afterTyping('a\r\nb\r\n', 'a\nnew\nb\n'), 'a\r\nnew\r\nb\r\n');
  assert.equal(afterTyping('a\r\nb\r\n', 'ab\n'), 'ab\r\n');
  assert.equal(afterTyping('a\nb', 'a\n\nb'), 'a\n\nb');
});

test('positions are mapped across the seam', () => {
  assert.equal(offsetInText('a\r\nb\r\nc', 4), 6);
  assert.equal(offsetInText('a\nb', 2), 2);
});
