import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../web/replica/outbox.js';
import { ProtocolError } from '../../web/replica/protocol.js';

const edit = (/** @type {number} */ seq) =>
  /** @type {const} */ ({ type: 'edit', seq, base: 'r1', text: 'new' });

test('a submission is outstanding until its own answer is there', () => {
  const outbox = new Outbox();
  outbox.submit(edit(outbox.nextSeq), 'new');
  assert.deepEqual([outbox.state.name, outbox.seq, outbox.isIdle], ['waiting', 1, false]);
  assert.equal(outbox.answeredBy(0), null);
  assert.equal(outbox.answeredBy(1)?.text, 'new');
  assert.throws(() => outbox.answeredBy(2), ProtocolError);
  outbox.clear();
  assert.deepEqual([outbox.isIdle, outbox.sent, outbox.nextSeq], [true, null, 2]);
});

test('P3: what has no answer is sent again, the same, also by a page loaded anew', () => {
  const before = new Outbox();
  before.submit(edit(1), 'new');
  const after = new Outbox(before.seq, before.sent);
  assert.equal(after.state.name, 'waiting');
  assert.ok(after.sent);
  assert.deepEqual(after.resubmit(after.sent), edit(1));
});

test('a lost connection ends the pause before a retry, and the wish for the text', () => {
  const outbox = new Outbox();
  outbox.submit(edit(1), 'new');
  assert.ok(outbox.sent);
  outbox.retryLater(outbox.sent, 5, 'The disk is full.');
  assert.equal(outbox.state.name, 'retrying');
  outbox.closed();
  assert.deepEqual([outbox.state.name, outbox.sent?.message.seq], ['waiting', 1]);
  outbox.fetch();
  outbox.closed();
  assert.ok(outbox.isIdle);
});

test('numbers the server has seen are not used again', () => {
  const outbox = new Outbox();
  outbox.skipTo(7);
  outbox.skipTo(3);
  assert.equal(outbox.nextSeq, 8);
});
