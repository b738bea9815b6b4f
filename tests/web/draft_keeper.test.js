import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asNewClient, DraftKeeper, isUnsent, snapshotOf } from '../../web/drafts/draft_keeper.js';
import { finishedDraft } from '../../web/drafts/recovery.js';
import { Replica } from '../../web/replica/replica.js';
import { FakeClock } from './clock.js';
import { DraftStore, settled } from './draft_store.js';

/** @typedef {import('../../web/replica/replica.js').Snapshot} Snapshot */

const CLEAN = { commit: 'r1', text: 'clean', isRevision: true };

/** @param {string} local @param {object} [more] @returns {Snapshot} */
function snapshot(local, more) {
  return { client: 'me', key: 'secret', seq: 0, known: CLEAN, local, sent: null, ...more };
}

/** A page with its keeper. */
class Page {
  clock = new FakeClock();
  /** @type {Snapshot} */
  snapshot = snapshot('clean');
  /** @type {(Snapshot | null)[]} */
  taken = [];

  constructor(store = new DraftStore(), id = 'page1') {
    this.store = store;
    this.keeper = new DraftKeeper(
      'notes',
      id,
      { drafts: store, clock: this.clock },
      { snapshot: () => this.snapshot, claimedElsewhere: (rest) => this.taken.push(rest) },
    );
  }

  /** @param {string} local @param {object} [more] */
  is(local, more) {
    this.snapshot = snapshot(local, more);
    this.keeper.changed();
  }

  /** @param {number} ms */
  async passes(ms) {
    this.clock.pass(ms);
    await settled();
  }
}

test('a draft is written 300 ms after the first letter, even while typing goes on', async () => {
  const page = new Page();
  for (const local of ['a', 'ab', 'abc']) {
    page.is(local);
    await page.passes(100);
  }
  assert.equal(page.store.of('me')?.snapshot?.local, 'abc');
});

test('text acknowledged within that time is not written at all', async () => {
  const page = new Page();
  page.is('a');
  await page.passes(200);
  page.is('clean');
  await page.passes(1000);
  assert.equal(page.store.writes, 0);
});

test('what follows acknowledged text is unsent for a time of its own', async () => {
  const page = new Page();
  page.is('a');
  await page.passes(200);
  page.is('clean');
  await page.passes(50);
  page.is('b');
  await page.passes(299);
  assert.equal(page.store.writes, 0);
  await page.passes(1);
  assert.equal(page.store.of('me')?.snapshot?.local, 'b');
  page.is('bc');
  page.is('clean');
  await page.passes(0);
  assert.equal(page.store.records.size, 0, 'removed at once, whatever was due');
});

test('of a large text a draft is written later, but within a second', async () => {
  const page = new Page();
  page.is('x'.repeat(900_000));
  await page.passes(899);
  assert.equal(page.store.writes, 0);
  await page.passes(1);
  assert.equal(page.store.writes, 1);
});

test('acknowledged text is removed', async () => {
  const page = new Page();
  page.is('a');
  await page.passes(300);
  page.is('clean');
  await page.passes(0);
  assert.equal(page.store.records.size, 0);
});

test('writes do not pile up: one at a time, then the newest', async () => {
  const page = new Page();
  page.store.isHeld = true;
  for (let letters = 1; letters < 10; letters++) {
    page.is('x'.repeat(letters));
    await page.passes(300);
  }
  page.store.release();
  await settled();
  assert.equal(page.store.writes, 2);
  assert.equal(page.store.of('me')?.snapshot?.local, 'xxxxxxxxx');
});

test('a page that is being unloaded writes at once, after a pending write', async () => {
  const page = new Page();
  page.store.isHeld = true;
  page.is('old');
  await page.passes(300);
  page.is('new');
  page.keeper.saveNow();
  page.store.release();
  await settled();
  assert.equal(page.store.of('me')?.snapshot?.local, 'new');
});

test('text typed before the first welcome is kept too, and later under its client', async () => {
  const page = new Page();
  page.is('a', { client: '', key: '' });
  await page.passes(300);
  assert.equal(page.store.of('page1')?.snapshot?.local, 'a');
  page.is('ab');
  await page.passes(300);
  assert.deepEqual([...page.store.records.keys()], ['notes/me']);
});

test('a reloaded page continues with the record of the one before', async () => {
  const before = new Page();
  before.is('typed');
  before.keeper.saveNow();
  const page = new Page(before.store, 'page2');
  page.snapshot = before.snapshot;
  await page.keeper.resume('page1');
  assert.deepEqual([page.taken, page.store.of('me')?.owner], [[], 'page2']);
  page.is('clean');
  await page.passes(0);
  assert.equal(page.store.records.size, 0);
});

test('a page that was never welcomed leaves no record behind either', async () => {
  const before = new Page();
  before.is('typed', { client: '', key: '' });
  before.keeper.saveNow();
  const page = new Page(before.store, 'page2');
  page.snapshot = before.snapshot;
  await page.keeper.resume('page1');
  page.is('clean');
  await page.passes(0);
  assert.equal(page.store.records.size, 0);
});

/** Claim the page's record as another page. @param {Page} page @param {boolean} isSent whether it has sent the text */
function takeFrom(page, isSent) {
  const draft = /** @type {import('../../web/drafts/recovery.js').Orphan} */ (page.store.of('me'));
  const taken = isSent ? finishedDraft(draft, 'page2') : { ...draft, owner: 'page2' };
  page.store.records.set('notes/me', taken);
  return taken;
}

test('a page that wakes up to find its text sent starts afresh', async () => {
  const page = new Page();
  page.is('typed');
  page.keeper.saveNow();
  takeFrom(page, true);
  await page.keeper.checkOwner();
  assert.deepEqual(page.taken, [null]);
});

test('a page that wakes up with more than was sent continues as a new client', async () => {
  const page = new Page();
  page.is('typed');
  page.keeper.saveNow();
  const taken = takeFrom(page, true);
  page.is('typed, and more');
  await page.passes(300);
  assert.deepEqual(page.taken, [asNewClient(page.snapshot)]);
  assert.equal(page.store.of('me'), taken, 'the record is not its own any more');
});

test('a page whose text is being sent by another continues as a new client', async () => {
  const page = new Page();
  page.is('typed');
  page.keeper.saveNow();
  takeFrom(page, false);
  await page.keeper.checkOwner();
  assert.deepEqual(page.taken, [asNewClient(page.snapshot)]);
});

test('a reopened tab whose text was sent by another starts afresh', async () => {
  const before = new Page();
  before.is('typed');
  before.keeper.saveNow();
  takeFrom(before, true);
  const page = new Page(before.store, 'page3');
  page.snapshot = before.snapshot;
  await page.keeper.resume('page1');
  assert.deepEqual(page.taken, [null]);
});

test('text that the server may not have is unsent', () => {
  const message = /** @type {any} */ ({ type: 'edit', seq: 1, base: 'r1', text: 'x' });
  assert.equal(isUnsent(snapshot('clean')), false);
  assert.equal(isUnsent(snapshot('typed')), true);
  assert.equal(isUnsent(snapshot('clean', { sent: { message, text: 'x', isApart: false } })), true);
  assert.equal(isUnsent(snapshot('clean', { sent: { message, text: 'x', isApart: true } })), false);
});

test('there is a snapshot before there is a client', () => {
  const replica = new Replica();
  assert.equal(snapshotOf(replica), null);
  replica.edited('early');
  const again = new Replica(/** @type {Snapshot} */ (snapshotOf(replica)));
  assert.equal(again.local, 'early');
  assert.deepEqual(again.opened('Me').send, [{ type: 'hello', protocol: 1, name: 'Me' }]);
});

test('unsent text that is given up gets an owner that is no page, and is written no more', async () => {
  const page = new Page();
  page.is('typed');
  const draft = page.keeper.giveUp();
  assert.equal(draft?.snapshot?.local, 'typed');
  assert.notEqual(draft?.owner, 'page1');
  page.snapshot = snapshot('clean');
  await page.passes(1000);
  assert.equal(page.store.of('me'), undefined, 'the record is left to whoever has the draft');
  assert.equal(page.keeper.giveUp(), null);
  page.is('typed before the welcome', { client: '' });
  await page.passes(300);
  assert.ok(page.store.of('page1')?.snapshot);
  assert.notEqual(page.keeper.giveUp()?.client, 'page1', 'which lives, so nobody would offer it');
  await settled();
  assert.equal(page.store.of('page1'), undefined);
});
