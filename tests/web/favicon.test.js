import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tabTitle } from '../../web/ui/favicon.js';

test('the title says in words what the user should know', () => {
  assert.equal(tabTitle('saved', 'notes'), 'notes – GollabEdit');
  assert.equal(tabTitle('busy', 'notes'), 'notes – GollabEdit');
  assert.equal(tabTitle('offline', 'notes'), '● Offline – notes – GollabEdit');
  assert.equal(tabTitle('unsaved', 'notes'), '● Not saved – notes – GollabEdit');
  assert.equal(tabTitle('conflict', 'notes'), '● Conflict – notes – GollabEdit');
});
