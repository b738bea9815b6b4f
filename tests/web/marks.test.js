import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marked, spoken, visible } from '../../web/text/marks.js';

test('single words are marked where most is the same', () => {
  assert.deepEqual(marked('the old red door', 'the red gate'), [
    { kind: 'same', text: 'the ' },
    { kind: 'removed', text: 'old ' },
    { kind: 'same', text: 'red ' },
    { kind: 'removed', text: 'door' },
    { kind: 'added', text: 'gate' },
  ]);
});

test('where hardly anything is the same, all of it is new', () => {
  assert.deepEqual(marked('the old red door', 'a gate'), [{ kind: 'added', text: 'a gate' }]);
  assert.deepEqual(marked('', 'a gate'), [{ kind: 'added', text: 'a gate' }]);
});

test('what was deleted has nothing to be marked in', () => {
  assert.deepEqual(marked('the old red door', ''), []);
});

test('an added space is a change of its own', () => {
  assert.deepEqual(marked('old door', 'old  door'), [
    { kind: 'same', text: 'old' },
    { kind: 'removed', text: ' ' },
    { kind: 'added', text: '  ' },
    { kind: 'same', text: 'door' },
  ]);
});

test('spaces and line breaks can be seen and heard', () => {
  assert.equal(visible(' \t\u00a0\r\n\n'), '·⇥⍽␍⏎\n⏎\n');
  assert.equal(spoken('  \n'), '2 spaces, 1 line break');
  assert.equal(spoken('\r\n'), '1 line break');
});
