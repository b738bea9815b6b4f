// The rules of the protocol (P1, P2, ...) one by one; `sync.fuzz.test.js` mixes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../web/replica/protocol.js';
import { Sync } from '../../web/replica/replica.js';
import { between } from '../../web/text/between.js';
import { checkOf } from '../../web/text/checksum.js';
import { apply } from '../../web/text/splices.js';

const TEXT = 'one two three\n';

/** @param {object} [more] */
function welcome(more) {
  return /** @type {any} */ ({
    type: 'welcome',
    protocol: 1,
    document: 'notes',
    client: 'me',
    key: 'secret',
    branch: 'clients/me',
    revision: 'r1',
    text: TEXT,
    check: checkOf(TEXT),
    seq: 0,
    people: [],
    conflict: null,
    access: 'edit',
    limits: { document_bytes: 1000 },
    ...more,
  });
}

/**
 * @param {number} seq
 * @param {string} sent
 * @param {string} target
 * @param {string} revision
 * @returns {import('../../web/replica/protocol.js').Merged}
 */
function merged(seq, sent, target, revision, commit = `own${seq}`) {
  const splices = between(sent, target);
  return {
    type: 'merged',
    seq,
    commit,
    revision,
    splices,
    check: checkOf(target),
  };
}

/**
 * @param {string} from
 * @param {string} before
 * @param {string} revision
 * @param {string} after
 * @returns {import('../../web/replica/protocol.js').Update}
 */
function update(from, before, revision, after) {
  const splices = between(before, after);
  return {
    type: 'update',
    from,
    revision,
    splices,
    check: checkOf(after),
    clients: [],
  };
}

/**
 * "two" is disputed: this client wrote `mine`, in master stands `others`.
 *
 * @param {number} seq
 * @param {string} mine
 * @param {string} others
 * @returns {import('../../web/replica/protocol.js').Conflict}
 */
function conflict(seq, mine, others, revision = 'r2') {
  const hunks = [{ start: 4, end: 4 + others.length, base: 'two', ours: others, theirs: mine }];
  return {
    type: 'conflict',
    seq,
    commit: `own${seq}`,
    revision,
    base: 'r1',
    text: `one ${others} three\n`,
    hunks,
    diff: '',
    names: { ours: ['Bo'], theirs: 'Me' },
    waiting: 0,
  };
}

/**
 * A message, and at once a good time to show what it brings.
 *
 * @param {Sync} sync
 * @param {any} message
 */
function receive(sync, message) {
  const { send, changes, lost } = sync.received(message);
  const shown = sync.catchUp();
  return { send: [...send, ...shown.send], changes: [...changes, ...shown.changes], lost };
}

/** The editor after some changes. @param {string} text @param {import('../../web/replica/replica.js').Change[]} changes */
function changed(text, changes) {
  return changes.reduce((before, { splices }) => apply(before, splices), text);
}

function joined() {
  const sync = new Sync();
  sync.opened('Me');
  const { changes } = receive(sync, welcome());
  assert.equal(changed('', changes), TEXT);
  return sync;
}

/** @param {Sync} sync @param {string} text */
function send(sync, text) {
  sync.typed(text);
  return /** @type {any} */ (sync.flush().send[0]);
}

/** A client that wrote "deux" where master has "zwei". */
function inConflict() {
  const sync = joined();
  send(sync, 'one deux three\n');
  receive(sync, conflict(1, 'deux', 'zwei'));
  return sync;
}

test('P1: the first message is hello, and nothing is sent before the welcome', () => {
  const sync = new Sync();
  assert.deepEqual(sync.opened('Me').send, [{ type: 'hello', protocol: 1, name: 'Me' }]);
  sync.typed('x');
  assert.deepEqual(sync.flush().send, []);
});

test('what is typed before the welcome is kept and sent', () => {
  const sync = new Sync();
  sync.typed('early ');
  sync.opened('Me');
  const { send, changes } = receive(sync, welcome());
  assert.deepEqual(send, []);
  assert.equal(changed('early ', changes), `early ${TEXT}`);
  assert.deepEqual(sync.flush().send, [
    { type: 'edit', seq: 1, base: 'r1', splices: [[0, 0, 'early ']] },
  ]);
});

test('P5: one edit is outstanding; what is typed meanwhile goes into the next', () => {
  const sync = joined();
  assert.deepEqual(send(sync, `a ${TEXT}`), {
    type: 'edit',
    seq: 1,
    base: 'r1',
    splices: [[0, 0, 'a ']],
  });
  assert.equal(send(sync, `a b ${TEXT}`), undefined);
  receive(sync, merged(1, `a ${TEXT}`, `a ${TEXT}`, 'r2'));
  const next = /** @type {any} */ (sync.flush().send[0]);
  assert.deepEqual([next.seq, next.base, next.splices], [2, 'r2', [[2, 0, 'b ']]]);
});

test('an answer is rebased under what was typed since', () => {
  const sync = joined();
  send(sync, 'ONE two three\n');
  sync.typed('ONE two three, four\n');
  const { changes } = receive(sync, merged(1, 'ONE two three\n', 'ONE zwei three\n', 'r2'));
  assert.equal(changed('ONE two three, four\n', changes), 'ONE zwei three, four\n');
  assert.equal(sync.known.commit, 'r2');
});

test('where the answer touches what was typed since, the server merges on the own commit', () => {
  const sync = joined();
  send(sync, 'ONE two three\n');
  sync.typed('ONE two! three\n');
  const output = receive(sync, merged(1, 'ONE two three\n', 'ONE zwei three\n', 'r2'));
  assert.deepEqual(output.changes, []);
  assert.deepEqual(output.send, [{ type: 'edit', seq: 2, base: 'own1', splices: [[7, 0, '!']] }]);
  assert.equal(sync.local, 'ONE two! three\n');
});

test('what was typed behind the sent text is sent as it was typed, alike as the letters may be', () => {
  const sync = joined();
  sync.typed(`b${TEXT}`, [[0, 0, 'b']]);
  sync.flush();
  sync.typed(`bo b${TEXT}`, [[1, 0, 'o b']]); // and not "bo " before the "b"
  receive(sync, merged(1, `b${TEXT}`, `b${TEXT}`, 'r2'));
  const [next] = /** @type {any[]} */ (sync.flush().send);
  assert.deepEqual(next.splices, [[1, 0, 'o b']]);
});

test('what was heard and not shown before the line broke counts once', () => {
  const sync = joined();
  sync.received(update('r1', TEXT, 'r2', `a ${TEXT}`));
  sync.closed();
  sync.opened('Me');
  const splices = /** @type {[number, number, string][]} */ ([[0, 0, 'a b ']]);
  const text = { text: undefined, from: 'r1', splices, check: checkOf(`a b ${TEXT}`) };
  const { changes, send } = receive(sync, welcome({ revision: 'r3', ...text }));
  assert.equal(changed(TEXT, changes), `a b ${TEXT}`);
  assert.deepEqual([send, sync.isUnsent], [[], false]);
});

test('an update is applied, under unsent typing too', () => {
  const sync = joined();
  sync.typed('one two three, four\n');
  const { send, changes } = receive(sync, update('r1', TEXT, 'r2', 'eins two three\n'));
  assert.deepEqual(send, []);
  assert.equal(changed('one two three, four\n', changes), 'eins two three, four\n');
});

test('an update that touches unsent typing is left to the server, on the old base', () => {
  const sync = joined();
  sync.typed('one twofold three\n');
  const { send, changes } = receive(sync, update('r1', TEXT, 'r2', 'one zwei three\n'));
  assert.deepEqual(changes, []);
  assert.deepEqual(send, [{ type: 'edit', seq: 1, base: 'r1', splices: [[7, 0, 'fold']] }]);
});

test('P6: updates are dropped while an edit is outstanding; an error then asks for the text', () => {
  const sync = joined();
  send(sync, `a ${TEXT}`);
  receive(sync, update('r1', TEXT, 'r2', `${TEXT}more\n`));
  assert.equal(sync.local, `a ${TEXT}`);
  const refused = receive(sync, { type: 'error', code: 'forbidden', message: 'No.', seq: 1 });
  assert.deepEqual(refused.send, [{ type: 'sync' }]);
  const text = `${TEXT}more\n`;
  receive(sync, { type: 'update', revision: 'r2', text, check: checkOf(text) });
  assert.equal(sync.local, `a ${TEXT}more\n`);
});

test('P6: an update that does not start from what is known asks for the text', () => {
  const sync = joined();
  assert.deepEqual(receive(sync, update('r7', TEXT, 'r8', 'x')).send, [{ type: 'sync' }]);
  assert.equal(sync.state.name, 'fetching');
});

test('a wrong check asks for the text and keeps what was typed', () => {
  const sync = joined();
  sync.typed(`${TEXT}mine\n`);
  const { send } = receive(sync, { ...update('r1', TEXT, 'r2', 'ONE two three\n'), check: 1 });
  assert.deepEqual(send, [{ type: 'sync' }]);
  const text = 'ONE two three\n';
  receive(sync, { type: 'update', revision: 'r2', text, check: checkOf(text) });
  assert.equal(sync.local, 'ONE two three\nmine\n');
});

test('P3: after a reconnect the outstanding edit is sent again, before anything new', () => {
  const sync = joined();
  const edit = send(sync, `a ${TEXT}`);
  sync.closed();
  sync.typed(`a b ${TEXT}`);
  const [hello] = sync.opened('Me').send;
  assert.deepEqual(hello, {
    type: 'hello',
    protocol: 1,
    name: 'Me',
    client: 'me',
    key: 'secret',
    base: 'r1',
  });
  const { send: sent } = receive(sync, welcome({ revision: 'r5', text: 'changed\n', seq: 1 }));
  assert.deepEqual(sent, [edit]);
  assert.equal(sync.local, `a b ${TEXT}`);
});

test('a welcome with splices brings the text up to date', () => {
  const sync = joined();
  sync.closed();
  sync.opened('Me');
  const after = `${TEXT}four\n`;
  const splices = between(TEXT, after);
  receive(
    sync,
    welcome({ revision: 'r2', text: undefined, from: 'r1', splices, check: checkOf(after) }),
  );
  assert.equal(sync.local, after);
  assert.ok(sync.isSettled);
});

test('P3: a seq that is durable is never used again', () => {
  const sync = joined();
  sync.closed();
  sync.opened('Me');
  receive(sync, welcome({ seq: 7 }));
  assert.equal(send(sync, `a ${TEXT}`).seq, 8);
});

test('P14: another client than asked for begins anew, and its text is sent on the old base', () => {
  const sync = joined();
  send(sync, `a ${TEXT}`);
  sync.closed();
  sync.opened('Me');
  const { send: sent } = receive(sync, welcome({ client: 'other', key: 'new' }));
  assert.deepEqual(sent, [{ type: 'edit', seq: 1, base: 'r1', splices: [[0, 0, 'a ']] }]);
});

test('P10: what cannot be taken now is sent again later, the same', () => {
  for (const code of ['unavailable', 'rate_limited']) {
    const sync = joined();
    const edit = send(sync, `a ${TEXT}`);
    receive(sync, { type: 'error', code, message: 'Later.', seq: 1, retry_after_s: 2 });
    assert.deepEqual([sync.state.name, sync.local], ['retrying', `a ${TEXT}`]);
    assert.deepEqual(sync.retry().send, [edit]);
  }
});

test('P10: what is refused is kept, and sent again only when it changes', () => {
  for (const code of ['too_large', 'forbidden', 'bad_message']) {
    const sync = joined();
    send(sync, `a ${TEXT}`);
    receive(sync, { type: 'error', code, message: 'Not this.', seq: 1 });
    assert.deepEqual([sync.refusal, sync.local], ['Not this.', `a ${TEXT}`]);
    assert.deepEqual(sync.flush().send, []);
    assert.equal(send(sync, `b ${TEXT}`).seq, 2);
    assert.equal(sync.refusal, null);
  }
});

test('a text over the limit is not even sent', () => {
  const sync = joined();
  assert.equal(send(sync, 'x'.repeat(1001)), undefined);
  assert.match(sync.refusal ?? '', /too large/);
});

test('P4: an unknown base asks for the text and loses no word', () => {
  const sync = joined();
  send(sync, 'one TWO three\n');
  const { send: sent } = receive(sync, {
    type: 'error',
    code: 'unknown_base',
    message: '?',
    seq: 1,
  });
  assert.deepEqual(sent, [{ type: 'sync' }]);
  const text = 'one two three\nfour\n';
  receive(sync, { type: 'update', revision: 'r9', text, check: checkOf(text) });
  assert.equal(sync.local, 'one TWO three\nfour\n');
});

/**
 * What the machine says to a server that has an older text and does not know the revision.
 *
 * @param {Sync} sync
 * @param {string} older
 */
function comesBack(sync, older) {
  sync.closed();
  sync.opened('Me');
  const { send: asked, changes } = receive(sync, welcome({ revision: 'r0', text: older }));
  assert.deepEqual(changes, [], 'nothing is shown before it is known what is lost');
  const [edit] = /** @type {any[]} */ (asked);
  assert.deepEqual([asked.length, edit.type, edit.base], [1, 'edit', 'r1']);
  const unknown = { type: 'error', code: 'unknown_base', message: '?', seq: edit.seq };
  assert.deepEqual(receive(sync, unknown).send, [{ type: 'sync' }]);
  const update = { type: 'update', revision: 'r0', text: older, check: checkOf(older) };
  return sync.received(/** @type {any} */ (update));
}

test('P4: what a restored server lacks comes out as lost, and is not sent by itself', () => {
  const sync = joined();
  const { send: sent, changes, lost } = comesBack(sync, 'one\n');
  assert.deepEqual([sent, changed(TEXT, changes), sync.local], [[], 'one\n', 'one\n']);
  assert.deepEqual(lost, {
    known: { commit: 'r0', text: 'one\n', isRevision: true },
    local: TEXT,
  });
  assert.ok(sync.isSettled);
});

test('P4: what was typed beside that goes by itself, also if nobody asks', () => {
  const sync = joined();
  sync.typed(`zero ${TEXT}`);
  const { send: sent, lost } = comesBack(sync, 'one\n');
  const [edit] = /** @type {any[]} */ (sent);
  assert.deepEqual([edit.type, edit.base, edit.splices], ['edit', 'r0', [[0, 0, 'zero ']]]);
  assert.equal(lost?.local, TEXT);
});

test('P4: what was typed within what is lost stays with it', () => {
  const sync = joined();
  sync.typed('one twofold three\n');
  const { send: sent, lost } = comesBack(sync, 'one\n');
  assert.deepEqual([sent, sync.local], [[], 'one\n']);
  assert.equal(lost?.local, 'one twofold three\n');
});

test('P4: nothing is lost where another history has the same text, and more', () => {
  const sync = joined();
  const { lost } = comesBack(sync, `${TEXT}four\n`);
  assert.deepEqual([lost, sync.local], [undefined, `${TEXT}four\n`]);
});

test('P8: a server that sends the text and knows the revision is believed', () => {
  const sync = joined();
  sync.closed();
  sync.opened('Me');
  const after = 'one two\n';
  const [edit] = /** @type {any[]} */ (
    receive(sync, welcome({ revision: 'r2', text: after })).send
  );
  assert.deepEqual([edit.base, edit.splices], ['r1', []]);
  const { lost } = receive(sync, merged(1, TEXT, after, 'r2', 'r1'));
  assert.deepEqual([lost, sync.local, sync.isSettled], [undefined, after, true]);
});

test('P9: a conflict that a restored server does not know is lost text too', () => {
  const sync = inConflict();
  sync.closed();
  sync.opened('Me');
  const [edit] = /** @type {any[]} */ (receive(sync, welcome({ revision: 'r2' })).send);
  assert.equal(edit.base, 'own1');
  receive(sync, { type: 'error', code: 'unknown_base', message: '?', seq: edit.seq });
  const update = { type: 'update', revision: 'r2', text: TEXT, check: checkOf(TEXT) };
  const { lost } = sync.received(/** @type {any} */ (update));
  assert.deepEqual([sync.local, lost?.local], [TEXT, 'one two three\none deux three\n']);
});

test('P9: in a conflict the text stays as typed and goes on from the own commit', () => {
  const sync = inConflict();
  assert.equal(sync.local, 'one deux three\n');
  const edit = send(sync, 'one deux three, four\n');
  assert.deepEqual(edit, { type: 'edit', seq: 2, base: 'own1', text: 'one deux three, four\n' });
});

test('P9: a fresh conflict replaces the open one; an older one is ignored while an edit is out', () => {
  const sync = inConflict();
  receive(sync, conflict(1, 'deux', 'dwa', 'r3'));
  assert.equal(sync.conflict?.hunks[0]?.ours, 'dwa');
  send(sync, 'one deux three, four\n');
  receive(sync, conflict(1, 'deux', 'dos', 'r4'));
  assert.equal(sync.conflict?.hunks[0]?.ours, 'dwa');
});

test('P9: the disagreement may go away by itself', () => {
  const sync = inConflict();
  sync.typed('one deux three, four\n');
  receive(sync, merged(1, 'one deux three\n', 'ONE deux three\n', 'r3'));
  assert.deepEqual([sync.conflict, sync.local], [null, 'ONE deux three, four\n']);
});

test('resolve sends the whole text and shows it at once', () => {
  const sync = inConflict();
  const { send: sent, changes } = sync.resolve(['zwei deux']);
  assert.equal(changed('one deux three\n', changes), 'one zwei deux three\n');
  const [message] = /** @type {any[]} */ (sent);
  assert.deepEqual(
    [message.type, message.seq, message.commit, message.base],
    ['resolve', 2, 'own1', 'r2'],
  );
  assert.equal(apply('one zwei three\n', message.splices), 'one zwei deux three\n');
  receive(sync, merged(2, 'one zwei deux three\n', 'one zwei deux three\n', 'r3'));
  assert.ok(sync.isSettled && sync.conflict === null);
});

test('typing that was not sent goes before the resolve', () => {
  const sync = inConflict();
  sync.typed('one deux three, four\n');
  assert.equal(sync.resolve(['zwei']).send[0]?.type, 'edit');
  const answer = { ...conflict(2, 'deux', 'zwei', 'r3'), text: 'one zwei three, four\n' };
  const { send: sent } = receive(sync, answer);
  assert.equal(sent[0]?.type, 'resolve');
  assert.equal(sync.local, 'one zwei three, four\n');
});

test('a decision about hunks that are others by now is not carried out', () => {
  const sync = inConflict();
  sync.typed('one deux three, four\n');
  sync.resolve(['zwei']);
  const answer = { ...conflict(2, 'deux', 'dwa', 'r3'), text: 'one dwa three, four\n' };
  assert.deepEqual(receive(sync, answer).send, []);
  assert.equal(sync.isDeciding, false);
});

test('typing while a resolve is on its way survives the answer', () => {
  const sync = inConflict();
  sync.resolve(['zwei']);
  sync.typed('one zwei three, four\n');
  receive(sync, merged(2, 'one zwei three\n', 'ONE zwei three\n', 'r3'));
  assert.equal(sync.local, 'ONE zwei three, four\n');
});

test('a resolve may be answered by a new conflict', () => {
  const sync = inConflict();
  sync.resolve(['zwei']);
  receive(sync, conflict(2, 'zwei', 'dwa', 'r3'));
  assert.equal(sync.conflict?.hunks[0]?.ours, 'dwa');
  assert.equal(sync.known.commit, 'own2');
});

test('park goes on from master', () => {
  const sync = inConflict();
  assert.deepEqual(sync.park().send, [{ type: 'park', seq: 2, commit: 'own1' }]);
  receive(sync, merged(2, 'one deux three\n', 'one zwei three\n', 'r2', 'own1'));
  assert.deepEqual(
    [sync.local, sync.conflict, sync.known.commit],
    ['one zwei three\n', null, 'r2'],
  );
});

test('until it is shown nothing changes in the editor, and sending goes on', () => {
  const sync = joined();
  assert.equal(send(sync, 'one two three, f\n').seq, 1);
  sync.received(merged(1, 'one two three, f\n', 'ONE two three, f\n', 'r2'));
  assert.equal(send(sync, 'one two three, fo\n').base, 'own1');
  sync.received(merged(2, 'one two three, fo\n', 'ONE two three, fo\n', 'r3'));
  sync.received(update('r3', 'ONE two three, fo\n', 'r4', 'ONE TWO three, fo\n'));
  assert.deepEqual([sync.local, sync.isSettled], ['one two three, fo\n', false]);
  const { send: sent, changes } = sync.catchUp();
  assert.deepEqual(sent, []);
  assert.equal(changed('one two three, fo\n', changes), 'ONE TWO three, fo\n');
  assert.deepEqual([sync.known.commit, sync.isSettled], ['r4', true]);
});

test('while an answer is due, what was heard before is not shown: the answer brings it', () => {
  const sync = joined();
  sync.received(update('r1', TEXT, 'r2', 'ONE two three\n'));
  assert.equal(send(sync, 'one two three, four\n').base, 'r1');
  assert.deepEqual(sync.catchUp(), { send: [], changes: [] });
  receive(sync, merged(1, 'one two three, four\n', 'ONE two three, four\n', 'r3'));
  assert.deepEqual([sync.local, sync.known.commit], ['ONE two three, four\n', 'r3']);
});

test('what was heard before an edit that was refused is asked for again', () => {
  const sync = joined();
  sync.received(update('r1', TEXT, 'r2', 'ONE two three\n'));
  send(sync, 'one two three, four\n');
  const { send: sent } = receive(sync, { type: 'error', code: 'too_large', message: '', seq: 1 });
  assert.deepEqual(sent, [{ type: 'sync' }]);
});

test("of a resolve only the decision is the user's own step", () => {
  const sync = inConflict();
  receive(sync, { ...conflict(1, 'deux', 'zwei', 'r3'), text: 'one zwei THREE\n' });
  const { changes } = sync.resolve(['zwei deux']);
  assert.deepEqual(
    changes.map(({ isOwn }) => isOwn),
    [false, true],
  );
  assert.equal(changed('one deux three\n', changes.slice(0, 1)), 'one deux THREE\n');
  assert.equal(changed('one deux three\n', changes), 'one zwei deux THREE\n');
});

test('P15: what somebody put aside is decided beside the text that is shown', () => {
  const sync = joined();
  const { type: _, seq: __, waiting: ___, ...dispute } = conflict(1, 'deux', 'two', 'r1');
  const { send: sent, changes } = sync.takeUp({ ...dispute, commit: 'aside' }, ['deux']);
  const resolve = { type: 'resolve', seq: 1, commit: 'aside', base: 'r1' };
  assert.deepEqual([sent, changes], [[{ ...resolve, text: 'one deux three\n' }], []]);
  sync.typed('one two three, four\n');
  receive(sync, merged(1, 'one deux three\n', 'one deux three\n', 'r2', 'r2'));
  assert.deepEqual([sync.local, sync.known.commit], ['one deux three, four\n', 'r2']);
});

test('P15: what was typed before goes first, and what was decided is not forgotten over it', () => {
  const sync = joined();
  const { type: _, seq: __, waiting: ___, ...dispute } = conflict(1, 'deux', 'two', 'r1');
  sync.typed('one two three, four\n');
  const { send: first } = sync.takeUp({ ...dispute, commit: 'aside' }, ['deux']);
  assert.equal(first[0]?.type, 'edit');
  receive(sync, merged(1, 'one two three, four\n', 'one two three, four\n', 'r2'));
  const [then] = sync.flush().send;
  assert.equal(then?.type, 'resolve');
});

test('P15: what was taken up may be disputed in its turn', () => {
  const sync = joined();
  const { type: _, seq: __, waiting: ___, ...dispute } = conflict(1, 'deux', 'two', 'r1');
  sync.takeUp({ ...dispute, commit: 'aside' }, ['deux']);
  sync.typed('one two three, four\n');
  receive(sync, conflict(1, 'deux', 'dwa', 'r2'));
  assert.deepEqual([sync.local, sync.known.commit], ['one deux three, four\n', 'own1']);
  assert.equal(sync.conflict?.hunks[0]?.ours, 'dwa');
});

test('P15: a refusal of what was taken up changes nothing', () => {
  const sync = joined();
  const { type: _, seq: __, waiting: ___, ...dispute } = conflict(1, 'deux', 'two', 'r1');
  sync.takeUp({ ...dispute, commit: 'aside' }, ['deux']);
  receive(sync, { type: 'error', code: 'unknown_base', message: 'Gone.', seq: 1 });
  assert.deepEqual([sync.local, sync.known.commit, sync.isSettled], [TEXT, 'r1', true]);
});

test('a page that is loaded anew goes on where it was', () => {
  const sync = joined();
  const edit = send(sync, `a ${TEXT}`);
  sync.typed(`a b ${TEXT}`);
  const again = new Sync(JSON.parse(JSON.stringify(sync.snapshot())));
  assert.equal(again.local, `a b ${TEXT}`);
  again.opened('Me');
  assert.deepEqual(receive(again, welcome()).send, [edit]);
});

test('an edit that was put aside while we were away stays based on what it was typed on', () => {
  const sync = joined();
  send(sync, 'one deux three\n');
  sync.closed();
  sync.opened('Me');
  receive(sync, welcome({ revision: 'r2', seq: 1 }));
  const { send: sent } = receive(
    sync,
    merged(1, 'one deux three\n', 'one zwei three\n', 'r2', 'r2'),
  );
  assert.equal(/** @type {any} */ (sent[0]).base, 'r1');
  assert.equal(sync.local, 'one deux three\n');
});

test('an event that must not come raises', () => {
  const sync = new Sync();
  assert.throws(() => receive(sync, welcome()), ProtocolError);
  assert.throws(() => sync.resolve([]), ProtocolError);
  sync.opened('Me');
  assert.throws(() => sync.opened('Me'), ProtocolError);
  assert.throws(() => receive(sync, update('r1', '', 'r2', 'x')), ProtocolError);
});
