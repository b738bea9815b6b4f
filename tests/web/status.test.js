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
    isKept: true,
  };
  return statusOf(/** @type {any} */ ({ replica: { ...SYNC, ...replica }, ...situation, ...more }));
}

test('saved is said only of what was acknowledged', () => {
  assert.equal(status().text, 'Saved');
  assert.equal(status({}, { dirtySinceMs: 9_000 }).text, 'Saving');
  assert.equal(status({}, { dirtySinceMs: 5_000 }).text, 'Still saving');
});

test('offline is shown after two seconds, and announced without the seconds that count down', () => {
  const connection = { name: 'waiting', untilMs: 18_000, reason: '' };
  assert.equal(status({}, { connection, offlineSinceMs: 9_000 }).text, 'Saved');
  const { text, announced } = status({}, { connection, offlineSinceMs: 1_000 });
  assert.match(text, /^Offline\. Keep typing.*8 s/);
  assert.doesNotMatch(announced, /\d/);
});

test('that the text cannot be stored is announced, and what to do', () => {
  const connection = { name: 'waiting', untilMs: 18_000, reason: '' };
  const { announced } = status({}, { connection, offlineSinceMs: 1_000, isKept: false });
  assert.equal(announced, 'Offline. This browser can’t store your text: copy it somewhere safe.');
});

test('the number of conflicts is shown', () => {
  const conflict = { hunks: [{}, {}] };
  assert.equal(status({ conflict }).text, '2 conflicts to review. Everything else is saved.');
});

test('what the server refuses is said in its words', () => {
  assert.equal(status({ refused: 'Too large.' }).announced, 'Too large.');
});
