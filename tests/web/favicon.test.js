import assert from 'node:assert/strict';
import { test } from 'node:test';
import { titleOf } from '../../web/ui/favicon.js';

test('the title says in words what the user should know', () => {
  assert.equal(titleOf('saved', 'notes'), 'notes – GollabEdit');
  assert.equal(titleOf('busy', 'notes'), 'notes – GollabEdit');
  assert.equal(titleOf('offline', 'notes'), '● Offline – notes – GollabEdit');
  assert.equal(titleOf('unsaved', 'notes'), '● Not saved – notes – GollabEdit');
  assert.equal(titleOf('conflict', 'notes'), '● Conflict – notes – GollabEdit');
});
