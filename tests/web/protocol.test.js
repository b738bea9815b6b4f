import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAnswer } from '../../web/replica/protocol.js';

test('an update is an answer where it has the text that `sync` asked for', () => {
  const types = [
    'welcome',
    'merged',
    'conflict',
    'update',
    'presence',
    'unmerged',
    'error',
    'pong',
  ];
  const answers = types.filter((type) => isAnswer(/** @type {any} */ ({ type })));
  assert.deepEqual(answers, ['welcome', 'merged', 'conflict']);
  assert.ok(isAnswer({ type: 'update', revision: 'r1', text: '', check: 0 }));
});
