import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { copies, dropCopy, dropCopyOf, hasCopy, keepCopy } from '../../web/drafts/draft_copy.js';

const DRAFT = /** @type {any} */ ({
  document: 'notes',
  client: 'c1',
  owner: 'page',
  timeMs: 1,
  snapshot: { local: 'typed' },
});

/** Storage like a browser's: its keys are properties. */
class FakeStorage {
  /** @param {string} key */
  getItem(key) {
    return /** @type {any} */ (this)[key] ?? null;
  }
  /** @param {string} key @param {string} value */
  setItem(key, value) {
    /** @type {any} */ (this)[key] = value;
  }
  /** @param {string} key */
  removeItem(key) {
    delete (/** @type {any} */ (this)[key]);
  }
}

beforeEach(() => {
  Object.assign(globalThis, { localStorage: new FakeStorage() });
});
afterEach(() => {
  Object.assign(globalThis, { localStorage: undefined });
});

test('a copy stays until it is dropped, and only one of each client', () => {
  localStorage.setItem('gollabedit.name', 'Bo');
  keepCopy(DRAFT);
  keepCopy({ ...DRAFT, timeMs: 2 });
  keepCopy({ ...DRAFT, client: 'c2' });
  assert.deepEqual(
    copies().map(({ client, timeMs }) => [client, timeMs]),
    [
      ['c1', 2],
      ['c2', 1],
    ],
  );
  dropCopy(DRAFT);
  assert.equal(copies().length, 2, 'a newer copy stays');
  dropCopy({ ...DRAFT, timeMs: 2 });
  assert.deepEqual(
    copies().map(({ client }) => client),
    ['c2'],
  );
  dropCopyOf('notes', 'c2');
  assert.deepEqual(copies(), []);
});

test('without storage, with a full one or with what another program wrote nothing is thrown', () => {
  localStorage.setItem('gollabedit.leaving.notes/c9', '{');
  localStorage.setItem('gollabedit.leaving.notes/c8', 'null');
  assert.ok(keepCopy(DRAFT));
  assert.ok(hasCopy(DRAFT));
  assert.deepEqual(copies(), [DRAFT]);
  dropCopy(DRAFT);
  assert.ok(!keepCopy({ ...DRAFT, snapshot: { local: 'x'.repeat(3_000_000) } }));
  assert.deepEqual(copies(), []);
  Object.assign(globalThis, { localStorage: undefined });
  assert.ok(!keepCopy(DRAFT));
  dropCopy(DRAFT);
  assert.deepEqual(copies(), []);
});
