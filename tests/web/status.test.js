import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '../../web/ui/status.js';

const OPEN = /** @type {any} */ ({ name: 'open' });
const SYNC = {
  refused: null,
  state: { name: 'idle' },
  conflict: null,
  isDeciding: false,
  known: { commit: 'r1' },
};

/** @param {object} [replica] @param {object} [more] */
function status(replica, more) {
  const situation = {
    connection: OPEN,
    nowMs: 10_000,
    dirtySinceMs: null,
    offlineSinceMs: null,
    seen: null,
    isKept: true,
    isUnsentOffered: false,
    held: null,
  };
  return statusOf(/** @type {any} */ ({ replica: { ...SYNC, ...replica }, ...situation, ...more }));
}

test('saved is said only of what was acknowledged, and saving only of what takes long', () => {
  assert.equal(status().state, 'saved');
  assert.equal(status({}, { dirtySinceMs: 9_500 }).state, 'saved');
  assert.equal(status({}, { dirtySinceMs: 9_000 }).state, 'saving');
  assert.equal(status({ known: { commit: null } }).state, 'loading');
});

test('offline is shown after two seconds, and announced without the seconds that count down', () => {
  const connection = { name: 'waiting', untilMs: 18_000, reason: '' };
  assert.equal(status({}, { connection, offlineSinceMs: 9_000 }).state, 'saved');
  const { state, notice, announced } = status({}, { connection, offlineSinceMs: 1_000 });
  assert.deepEqual([state, notice?.what], ['offline', 'You’re offline.']);
  assert.match(notice?.more ?? '', /^Keep typing.*8 s/);
  assert.doesNotMatch(announced, /\d/);
});

test('a page that began offline says from when its text is, and asks nobody to type who may not', () => {
  const connection = { name: 'waiting', untilMs: 18_000, reason: '' };
  const since = { connection, offlineSinceMs: Number.NEGATIVE_INFINITY };
  for (const isViewOnly of [false, true]) {
    const seen = { seenMs: Date.now(), isViewOnly };
    const { notice, announced } = status({}, { ...since, seen });
    assert.match(notice?.more ?? '', /^Text from \w+.*\./);
    assert.equal(announced.includes('Keep typing'), !isViewOnly);
  }
});

test('that the text cannot be stored is announced, and what to do', () => {
  const connection = { name: 'waiting', untilMs: 18_000, reason: '' };
  const { announced } = status({}, { connection, offlineSinceMs: 1_000, isKept: false });
  assert.match(announced, /offline.*can’t store your text: copy it somewhere safe\./);
});

test('a conflict is no trouble of the text: it has a notice of its own', () => {
  const { state, notice } = status({ conflict: { hunks: [{}, {}] } });
  assert.deepEqual([state, notice], ['saved', null]);
});

test('text of an earlier visit, held changes and a text to view only are no "saved"', () => {
  assert.equal(status({}, { isUnsentOffered: true }).state, 'unsent');
  assert.equal(status({ isViewOnly: true }).state, 'viewOnly');
  assert.equal(status({}, { held: 2 }).state, 'onHold');
});

test('what the server refuses is said in its words', () => {
  assert.equal(status({ refused: 'Too large.' }).announced, 'Too large.');
});

test('that the document was deleted is said, and that its text is still here', () => {
  const connection = { name: 'refused', kind: 'deleted', reason: 'This document was deleted.' };
  const { state, notice, announced } = status({}, { connection });
  assert.equal(state, 'gone');
  assert.match(announced, /^This document was deleted\. .*download it/);
  assert.ok(announced.startsWith(notice?.what ?? 'no'));
});

test('that access has ended is said, that unsent text is kept, and how to go on', () => {
  const ended = { name: 'refused', kind: 'signed out', reason: 'Your access has ended.' };
  const { state, notice, announced } = status({}, { connection: ended, dirtySinceMs: 1 });
  assert.equal(state, 'noAccess');
  assert.equal(notice?.short, 'Your access has ended. Your unsent changes are kept here.');
  assert.match(announced, /^Your access has ended\. Your unsent .*Sign in again/);
  const saved = status({}, { connection: ended });
  assert.doesNotMatch(saved.announced, /unsent/);
  assert.match(saved.notice?.short ?? '', /open a new link/); // also on a phone
  const unkept = status({}, { connection: ended, dirtySinceMs: 1, isKept: false });
  assert.match(unkept.announced, /copy it somewhere safe/);
  const lost = { name: 'refused', kind: 'no access', reason: 'It is not yours.' };
  assert.equal(status({}, { connection: lost }).announced, 'It is not yours.');
});
