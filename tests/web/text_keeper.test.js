import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHARACTERS_MAX, DOCUMENTS_MAX, tooMany } from '../../web/offline/kept_texts.js';
import { LOOK_MS, SEEN_MS, TextKeeper } from '../../web/offline/text_keeper.js';
import { FakeClock } from './clock.js';

/** @typedef {import('../../web/offline/kept_texts.js').Kept} Kept */

/** A page with its keeper. */
class Page {
  clock = new FakeClock();
  /** @type {import('../../web/replica/working_copy.js').Known} */
  newest = { commit: 'r1', text: 'Title\n', isRevision: true };
  isOnline = true;
  /** @type {[Kept | string, (string | null)?][]} */
  done = [];

  constructor() {
    this.keeper = new TextKeeper(
      {
        document: 'notes',
        newest: () => this.newest,
        isOnline: () => this.isOnline,
        isViewOnly: () => false,
      },
      'user ann',
      {
        texts: {
          put: async (kept, text) => void this.done.push([kept, text]),
          forget: async (name) => void this.done.push([`forget ${name}`]),
          clear: async () => void this.done.push(['clear']),
        },
        after: this.clock.after,
        titleOf: (text) => text.trim(),
        timeMs: this.clock.now,
      },
    );
  }

  /** What was done since the last call. */
  did() {
    return this.done.splice(0);
  }
}

test('a text is kept at once, and again when it has changed', () => {
  const page = new Page();
  const kept = {
    document: 'notes',
    title: 'Title',
    revision: 'r1',
    seenMs: 0,
    owner: 'user ann',
    isViewOnly: false,
    length: 6,
  };
  assert.deepEqual(page.did(), [[kept, 'Title\n']]);
  page.clock.pass(LOOK_MS);
  assert.deepEqual(page.did(), []);
  page.newest = { commit: 'r2', text: 'New', isRevision: true };
  page.clock.pass(LOOK_MS);
  const changed = { ...kept, title: 'New', revision: 'r2', seenMs: 2 * LOOK_MS, length: 3 };
  assert.deepEqual(page.did(), [[changed, 'New']]);
});

test('the time is kept without the text while nothing changes', () => {
  const page = new Page();
  page.did();
  page.clock.pass(SEEN_MS);
  assert.deepEqual(
    page.did().map(([kept, text]) => [Object(kept).seenMs, text]),
    [[SEEN_MS, null]],
  );
});

test('what the server has not confirmed as a revision is not kept, nor anything offline', () => {
  const page = new Page();
  page.did();
  page.newest = { commit: 'own', text: 'New', isRevision: false };
  page.clock.pass(2 * SEEN_MS);
  page.newest = { commit: 'r3', text: 'New', isRevision: true };
  page.isOnline = false;
  page.clock.pass(2 * SEEN_MS);
  page.keeper.look();
  assert.deepEqual(page.did(), []);
});

test('who loses access keeps nothing, until the server lets them in again', () => {
  const page = new Page();
  page.did();
  page.isOnline = false;
  page.keeper.refused('no access');
  page.keeper.refused('deleted');
  page.keeper.refused('signed out');
  assert.deepEqual(page.did(), [['forget notes'], ['forget notes'], ['clear']]);
  page.isOnline = true;
  page.clock.pass(LOOK_MS);
  assert.equal(page.did()[0]?.[1], 'Title\n');
});

test('who signs out keeps nothing more, though the page goes on for a moment', () => {
  const page = new Page();
  page.did();
  page.keeper.stop();
  page.newest = { commit: 'r2', text: 'New', isRevision: true };
  page.clock.pass(LOOK_MS);
  page.keeper.look();
  assert.deepEqual(page.did(), [['clear']]);
});

test('the documents seen longest ago go first, in number and in size', () => {
  const kept = (/** @type {number} */ seenMs, length = 1) => ({
    ...{ document: `${seenMs}`, title: '', revision: 'r', owner: 'o', isViewOnly: false },
    seenMs,
    length,
  });
  const many = Array.from({ length: DOCUMENTS_MAX + 2 }, (_, index) => kept(index));
  assert.deepEqual(
    tooMany(many).map(({ seenMs }) => seenMs),
    [1, 0],
  );
  const large = [kept(1), kept(2, CHARACTERS_MAX / 2), kept(3, CHARACTERS_MAX / 2)];
  assert.deepEqual(
    tooMany(large).map(({ seenMs }) => seenMs),
    [1],
  );
});
