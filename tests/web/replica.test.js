// The rules of the protocol (P1, P2, ...) one by one; `replica.fuzz.test.js` mixes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../web/replica/protocol.js';
import { Replica } from '../../web/replica/replica.js';
import { checkOf } from '../../web/text/checksum.js';
import { diffSplices } from '../../web/text/diff_splices.js';
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
  const splices = diffSplices(sent, target);
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
  const splices = diffSplices(before, after);
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
 * A conflict about "two": this client wrote `theirs`, and `master` has `ours`.
 *
 * @param {number} seq
 * @param {string} theirs
 * @param {string} ours
 * @returns {import('../../web/replica/protocol.js').Conflict}
 */
function conflict(seq, theirs, ours, revision = 'r2') {
  const hunks = [{ start: 4, end: 4 + ours.length, base: 'two', ours, theirs }];
  return {
    type: 'conflict',
    seq,
    commit: `own${seq}`,
    revision,
    base: 'r1',
    text: `one ${ours} three\n`,
    hunks,
    diff: '',
    names: { ours: ['Bo'], theirs: 'Me' },
    waiting: 0,
  };
}

/**
 * Receive a message, and show at once what it brings.
 *
 * @param {Replica} replica
 * @param {any} message
 */
function receive(replica, message) {
  const { send, changes, lost } = replica.received(message);
  const shown = replica.catchUp();
  return { send: [...send, ...shown.send], changes: [...changes, ...shown.changes], lost };
}

/** The editor's text after some changes. @param {string} text @param {import('../../web/replica/replica.js').Change[]} changes */
function changed(text, changes) {
  return changes.reduce((before, { splices }) => apply(before, splices), text);
}

function joined() {
  const replica = new Replica();
  replica.opened('Me');
  const { changes } = receive(replica, welcome());
  assert.equal(changed('', changes), TEXT);
  return replica;
}

/** @param {Replica} replica @param {string} text */
function send(replica, text) {
  replica.edited(text);
  return /** @type {any} */ (replica.flush().send[0]);
}

/** A client that wrote "deux" where `master` has "zwei". */
function inConflict() {
  const replica = joined();
  send(replica, 'one deux three\n');
  receive(replica, conflict(1, 'deux', 'zwei'));
  return replica;
}

test('P1: the first message is hello, and nothing is sent before the welcome', () => {
  const replica = new Replica();
  assert.deepEqual(replica.opened('Me').send, [{ type: 'hello', protocol: 1, name: 'Me' }]);
  replica.edited('x');
  assert.deepEqual(replica.flush().send, []);
});

test('text typed before the welcome is kept and sent', () => {
  const replica = new Replica();
  replica.edited('early ');
  replica.opened('Me');
  const { send, changes } = receive(replica, welcome());
  assert.deepEqual(send, []);
  assert.equal(changed('early ', changes), `early ${TEXT}`);
  assert.deepEqual(replica.flush().send, [
    { type: 'edit', seq: 1, base: 'r1', splices: [[0, 0, 'early ']] },
  ]);
});

test('P5: one edit is outstanding; what is typed meanwhile goes into the next', () => {
  const replica = joined();
  assert.deepEqual(send(replica, `a ${TEXT}`), {
    type: 'edit',
    seq: 1,
    base: 'r1',
    splices: [[0, 0, 'a ']],
  });
  assert.equal(send(replica, `a b ${TEXT}`), undefined);
  receive(replica, merged(1, `a ${TEXT}`, `a ${TEXT}`, 'r2'));
  const next = /** @type {any} */ (replica.flush().send[0]);
  assert.deepEqual([next.seq, next.base, next.splices], [2, 'r2', [[2, 0, 'b ']]]);
});

test('the edit that restores a revision says so, and only that one', () => {
  const replica = joined();
  replica.edited('old text\n', [[0, 13, 'old text']], 'r0');
  const [edit] = replica.flush().send;
  assert.equal(/** @type {any} */ (edit).restores, 'r0');
  receive(replica, merged(1, 'old text\n', 'old text\n', 'r2'));
  assert.ok(!('restores' in send(replica, 'old texts\n')));
});

test('an undone restoration is not mentioned', () => {
  const replica = joined();
  replica.edited('old text\n', null, 'r0');
  replica.edited(TEXT);
  assert.ok(!('restores' in send(replica, `a ${TEXT}`)));
});

test('an answer is rebased under what was typed since', () => {
  const replica = joined();
  send(replica, 'ONE two three\n');
  replica.edited('ONE two three, four\n');
  const { changes } = receive(replica, merged(1, 'ONE two three\n', 'ONE zwei three\n', 'r2'));
  assert.equal(changed('ONE two three, four\n', changes), 'ONE zwei three, four\n');
  assert.equal(replica.known.commit, 'r2');
});

test('where the answer touches what was typed since, the server merges on the own commit', () => {
  const replica = joined();
  send(replica, 'ONE two three\n');
  replica.edited('ONE two! three\n');
  const output = receive(replica, merged(1, 'ONE two three\n', 'ONE zwei three\n', 'r2'));
  assert.deepEqual(output.changes, []);
  assert.deepEqual(output.send, [{ type: 'edit', seq: 2, base: 'own1', splices: [[7, 0, '!']] }]);
  assert.equal(replica.local, 'ONE two! three\n');
});

test('what was typed behind the sent text is sent as it was typed, alike as the letters may be', () => {
  const replica = joined();
  replica.edited(`b${TEXT}`, [[0, 0, 'b']]);
  replica.flush();
  replica.edited(`bo b${TEXT}`, [[1, 0, 'o b']]); // and not "bo " before the "b"
  receive(replica, merged(1, `b${TEXT}`, `b${TEXT}`, 'r2'));
  const [next] = /** @type {any[]} */ (replica.flush().send);
  assert.deepEqual(next.splices, [[1, 0, 'o b']]);
});

test('a revision that was received but not shown before the connection broke counts once', () => {
  const replica = joined();
  replica.received(update('r1', TEXT, 'r2', `a ${TEXT}`));
  replica.closed();
  replica.opened('Me');
  const splices = /** @type {[number, number, string][]} */ ([[0, 0, 'a b ']]);
  const text = { text: undefined, from: 'r1', splices, check: checkOf(`a b ${TEXT}`) };
  const { changes, send } = receive(replica, welcome({ revision: 'r3', ...text }));
  assert.equal(changed(TEXT, changes), `a b ${TEXT}`);
  assert.deepEqual([send, replica.isUnsent], [[], false]);
});

test('an update is applied, under unsent typing too', () => {
  const replica = joined();
  replica.edited('one two three, four\n');
  const { send, changes } = receive(replica, update('r1', TEXT, 'r2', 'eins two three\n'));
  assert.deepEqual(send, []);
  assert.equal(changed('one two three, four\n', changes), 'eins two three, four\n');
});

test('an update that touches unsent typing is left to the server, on the old base', () => {
  const replica = joined();
  replica.edited('one twofold three\n');
  const { send, changes } = receive(replica, update('r1', TEXT, 'r2', 'one zwei three\n'));
  assert.deepEqual(changes, []);
  assert.deepEqual(send, [{ type: 'edit', seq: 1, base: 'r1', splices: [[7, 0, 'fold']] }]);
});

test('P6: updates are dropped while an edit is outstanding; an error then asks for the text', () => {
  const replica = joined();
  send(replica, `a ${TEXT}`);
  receive(replica, update('r1', TEXT, 'r2', `${TEXT}more\n`));
  assert.equal(replica.local, `a ${TEXT}`);
  const refused = receive(replica, { type: 'error', code: 'forbidden', message: 'No.', seq: 1 });
  assert.deepEqual(refused.send, [{ type: 'sync' }]);
  const text = `${TEXT}more\n`;
  receive(replica, { type: 'update', revision: 'r2', text, check: checkOf(text) });
  assert.equal(replica.local, `a ${TEXT}more\n`);
});

test('P6: an update that does not start from what is known asks for the text', () => {
  const replica = joined();
  assert.deepEqual(receive(replica, update('r7', TEXT, 'r8', 'x')).send, [{ type: 'sync' }]);
  assert.equal(replica.state.name, 'fetching');
});

test('a wrong check asks for the text and keeps what was typed', () => {
  const replica = joined();
  replica.edited(`${TEXT}mine\n`);
  const { send } = receive(replica, { ...update('r1', TEXT, 'r2', 'ONE two three\n'), check: 1 });
  assert.deepEqual(send, [{ type: 'sync' }]);
  const text = 'ONE two three\n';
  receive(replica, { type: 'update', revision: 'r2', text, check: checkOf(text) });
  assert.equal(replica.local, 'ONE two three\nmine\n');
});

test('P3: after a reconnect the outstanding edit is sent again, before anything new', () => {
  const replica = joined();
  const edit = send(replica, `a ${TEXT}`);
  replica.closed();
  replica.edited(`a b ${TEXT}`);
  const [hello] = replica.opened('Me').send;
  assert.deepEqual(hello, {
    type: 'hello',
    protocol: 1,
    name: 'Me',
    client: 'me',
    key: 'secret',
    base: 'r1',
  });
  const { send: sent } = receive(replica, welcome({ revision: 'r5', text: 'changed\n', seq: 1 }));
  assert.deepEqual(sent, [edit]);
  assert.equal(replica.local, `a b ${TEXT}`);
});

test('a welcome with splices brings the text up to date', () => {
  const replica = joined();
  replica.closed();
  replica.opened('Me');
  const after = `${TEXT}four\n`;
  const splices = diffSplices(TEXT, after);
  receive(
    replica,
    welcome({ revision: 'r2', text: undefined, from: 'r1', splices, check: checkOf(after) }),
  );
  assert.equal(replica.local, after);
  assert.ok(replica.isSettled);
});

test('P3: a seq that is durable is never used again', () => {
  const replica = joined();
  replica.closed();
  replica.opened('Me');
  receive(replica, welcome({ seq: 7 }));
  assert.equal(send(replica, `a ${TEXT}`).seq, 8);
});

test('P14: a different client than requested starts afresh, and its text is sent on the old base', () => {
  const replica = joined();
  send(replica, `a ${TEXT}`);
  replica.closed();
  replica.opened('Me');
  const { send: sent } = receive(replica, welcome({ client: 'other', key: 'new' }));
  assert.deepEqual(sent, [{ type: 'edit', seq: 1, base: 'r1', splices: [[0, 0, 'a ']] }]);
});

test('P10: an edit refused for now is sent again later, unchanged', () => {
  for (const code of ['unavailable', 'rate_limited']) {
    const replica = joined();
    const edit = send(replica, `a ${TEXT}`);
    receive(replica, { type: 'error', code, message: 'Later.', seq: 1, retry_after_s: 2 });
    assert.deepEqual([replica.state.name, replica.local], ['retrying', `a ${TEXT}`]);
    assert.deepEqual(replica.retry().send, [edit]);
  }
});

test('P10: a refused text is kept, and sent again only when it changes', () => {
  for (const code of ['too_large', 'forbidden', 'bad_message']) {
    const replica = joined();
    send(replica, `a ${TEXT}`);
    receive(replica, { type: 'error', code, message: 'Not this.', seq: 1 });
    assert.deepEqual([replica.refused, replica.local], ['Not this.', `a ${TEXT}`]);
    assert.deepEqual(replica.flush().send, []);
    assert.equal(send(replica, `b ${TEXT}`).seq, 2);
    assert.equal(replica.refused, null);
  }
});

test('a text over the limit is not even sent', () => {
  const replica = joined();
  assert.equal(send(replica, 'x'.repeat(1001)), undefined);
  assert.match(replica.refused ?? '', /too large/);
});

test('P4: an unknown base asks for the text and loses no word', () => {
  const replica = joined();
  send(replica, 'one TWO three\n');
  const { send: sent } = receive(replica, {
    type: 'error',
    code: 'unknown_base',
    message: '?',
    seq: 1,
  });
  assert.deepEqual(sent, [{ type: 'sync' }]);
  const text = 'one two three\nfour\n';
  receive(replica, { type: 'update', revision: 'r9', text, check: checkOf(text) });
  assert.equal(replica.local, 'one TWO three\nfour\n');
});

/**
 * Reconnect to a server that has an older text and does not know the revision.
 *
 * @param {Replica} replica
 * @param {string} older
 */
function comesBack(replica, older) {
  replica.closed();
  replica.opened('Me');
  const { send: asked, changes } = receive(replica, welcome({ revision: 'r0', text: older }));
  assert.deepEqual(changes, [], 'nothing is shown before it is known what is lost');
  const [edit] = /** @type {any[]} */ (asked);
  assert.deepEqual([asked.length, edit.type, edit.base], [1, 'edit', 'r1']);
  const unknown = { type: 'error', code: 'unknown_base', message: '?', seq: edit.seq };
  assert.deepEqual(receive(replica, unknown).send, [{ type: 'sync' }]);
  const update = { type: 'update', revision: 'r0', text: older, check: checkOf(older) };
  return replica.received(/** @type {any} */ (update));
}

test('P4: what a restored server lacks comes out as lost, and is not sent by itself', () => {
  const replica = joined();
  const { send: sent, changes, lost } = comesBack(replica, 'one\n');
  assert.deepEqual([sent, changed(TEXT, changes), replica.local], [[], 'one\n', 'one\n']);
  assert.deepEqual(lost, {
    known: { commit: 'r0', text: 'one\n', isRevision: true },
    local: TEXT,
  });
  assert.ok(replica.isSettled);
});

test('P4: text typed beside it is sent by itself', () => {
  const replica = joined();
  replica.edited(`zero ${TEXT}`);
  const { send: sent, lost } = comesBack(replica, 'one\n');
  const [edit] = /** @type {any[]} */ (sent);
  assert.deepEqual([edit.type, edit.base, edit.splices], ['edit', 'r0', [[0, 0, 'zero ']]]);
  assert.equal(lost?.local, TEXT);
});

test('P4: text typed within the lost text stays with it', () => {
  const replica = joined();
  replica.edited('one twofold three\n');
  const { send: sent, lost } = comesBack(replica, 'one\n');
  assert.deepEqual([sent, replica.local], [[], 'one\n']);
  assert.equal(lost?.local, 'one twofold three\n');
});

test('P4: nothing is lost where another history has the same text, and more', () => {
  const replica = joined();
  const { lost } = comesBack(replica, `${TEXT}four\n`);
  assert.deepEqual([lost, replica.local], [undefined, `${TEXT}four\n`]);
});

test('P8: a server that sends the text and knows the revision is believed', () => {
  const replica = joined();
  replica.closed();
  replica.opened('Me');
  const after = 'one two\n';
  const [edit] = /** @type {any[]} */ (
    receive(replica, welcome({ revision: 'r2', text: after })).send
  );
  assert.deepEqual([edit.base, edit.splices], ['r1', []]);
  const { lost } = receive(replica, merged(1, TEXT, after, 'r2', 'r1'));
  assert.deepEqual([lost, replica.local, replica.isSettled], [undefined, after, true]);
});

test('P9: a conflict that a restored server does not know is lost text too', () => {
  const replica = inConflict();
  replica.closed();
  replica.opened('Me');
  const [edit] = /** @type {any[]} */ (receive(replica, welcome({ revision: 'r2' })).send);
  assert.equal(edit.base, 'own1');
  receive(replica, { type: 'error', code: 'unknown_base', message: '?', seq: edit.seq });
  const update = { type: 'update', revision: 'r2', text: TEXT, check: checkOf(TEXT) };
  const { lost } = replica.received(/** @type {any} */ (update));
  assert.deepEqual([replica.local, lost?.local], [TEXT, 'one two three\none deux three\n']);
});

test('P9: in a conflict the text stays as typed and goes on from the own commit', () => {
  const replica = inConflict();
  assert.equal(replica.local, 'one deux three\n');
  const edit = send(replica, 'one deux three, four\n');
  assert.deepEqual(edit, { type: 'edit', seq: 2, base: 'own1', text: 'one deux three, four\n' });
});

test('P9: a fresh conflict replaces the open one; an older one is ignored while an edit is out', () => {
  const replica = inConflict();
  receive(replica, conflict(1, 'deux', 'dwa', 'r3'));
  assert.equal(replica.conflict?.hunks[0]?.ours, 'dwa');
  send(replica, 'one deux three, four\n');
  receive(replica, conflict(1, 'deux', 'dos', 'r4'));
  assert.equal(replica.conflict?.hunks[0]?.ours, 'dwa');
});

test('P9: a conflict may go away by itself', () => {
  const replica = inConflict();
  replica.edited('one deux three, four\n');
  receive(replica, merged(1, 'one deux three\n', 'ONE deux three\n', 'r3'));
  assert.deepEqual([replica.conflict, replica.local], [null, 'ONE deux three, four\n']);
});

test('resolve sends the whole text and shows it at once', () => {
  const replica = inConflict();
  const { send: sent, changes } = replica.resolve(['zwei deux']);
  assert.equal(changed('one deux three\n', changes), 'one zwei deux three\n');
  const [message] = /** @type {any[]} */ (sent);
  assert.deepEqual(
    [message.type, message.seq, message.commit, message.base],
    ['resolve', 2, 'own1', 'r2'],
  );
  assert.equal(apply('one zwei three\n', message.splices), 'one zwei deux three\n');
  receive(replica, merged(2, 'one zwei deux three\n', 'one zwei deux three\n', 'r3'));
  assert.ok(replica.isSettled && replica.conflict === null);
});

test('typing that was not sent goes before the resolve', () => {
  const replica = inConflict();
  replica.edited('one deux three, four\n');
  assert.equal(replica.resolve(['zwei']).send[0]?.type, 'edit');
  const answer = { ...conflict(2, 'deux', 'zwei', 'r3'), text: 'one zwei three, four\n' };
  const { send: sent } = receive(replica, answer);
  assert.equal(sent[0]?.type, 'resolve');
  assert.equal(replica.local, 'one zwei three, four\n');
});

test('a decision about hunks that have changed is not carried out', () => {
  const replica = inConflict();
  replica.edited('one deux three, four\n');
  replica.resolve(['zwei']);
  const answer = { ...conflict(2, 'deux', 'dwa', 'r3'), text: 'one dwa three, four\n' };
  assert.deepEqual(receive(replica, answer).send, []);
  assert.equal(replica.isDeciding, false);
});

test('typing while a resolve is on its way survives the answer', () => {
  const replica = inConflict();
  replica.resolve(['zwei']);
  replica.edited('one zwei three, four\n');
  receive(replica, merged(2, 'one zwei three\n', 'ONE zwei three\n', 'r3'));
  assert.equal(replica.local, 'ONE zwei three, four\n');
});

test('a resolve may be answered by a new conflict', () => {
  const replica = inConflict();
  replica.resolve(['zwei']);
  receive(replica, conflict(2, 'zwei', 'dwa', 'r3'));
  assert.equal(replica.conflict?.hunks[0]?.ours, 'dwa');
  assert.equal(replica.known.commit, 'own2');
});

test('park goes on from master', () => {
  const replica = inConflict();
  assert.deepEqual(replica.park().send, [{ type: 'park', seq: 2, commit: 'own1' }]);
  receive(replica, merged(2, 'one deux three\n', 'one zwei three\n', 'r2', 'own1'));
  assert.deepEqual(
    [replica.local, replica.conflict, replica.known.commit],
    ['one zwei three\n', null, 'r2'],
  );
});

test('until it is shown nothing changes in the editor, and sending goes on', () => {
  const replica = joined();
  assert.equal(send(replica, 'one two three, f\n').seq, 1);
  replica.received(merged(1, 'one two three, f\n', 'ONE two three, f\n', 'r2'));
  assert.equal(send(replica, 'one two three, fo\n').base, 'own1');
  replica.received(merged(2, 'one two three, fo\n', 'ONE two three, fo\n', 'r3'));
  replica.received(update('r3', 'ONE two three, fo\n', 'r4', 'ONE TWO three, fo\n'));
  assert.deepEqual([replica.local, replica.isSettled], ['one two three, fo\n', false]);
  const { send: sent, changes } = replica.catchUp();
  assert.deepEqual(sent, []);
  assert.equal(changed('one two three, fo\n', changes), 'ONE TWO three, fo\n');
  assert.deepEqual([replica.known.commit, replica.isSettled], ['r4', true]);
});

test('while an answer is pending, an earlier update is not shown: the answer brings it', () => {
  const replica = joined();
  replica.received(update('r1', TEXT, 'r2', 'ONE two three\n'));
  assert.equal(send(replica, 'one two three, four\n').base, 'r1');
  assert.deepEqual(replica.catchUp(), { send: [], changes: [] });
  receive(replica, merged(1, 'one two three, four\n', 'ONE two three, four\n', 'r3'));
  assert.deepEqual([replica.local, replica.known.commit], ['ONE two three, four\n', 'r3']);
});

test('an update that came before a refused edit is requested again', () => {
  const replica = joined();
  replica.received(update('r1', TEXT, 'r2', 'ONE two three\n'));
  send(replica, 'one two three, four\n');
  const { send: sent } = receive(replica, {
    type: 'error',
    code: 'too_large',
    message: '',
    seq: 1,
  });
  assert.deepEqual(sent, [{ type: 'sync' }]);
});

test("of a resolve only the decision is the user's own step", () => {
  const replica = inConflict();
  receive(replica, { ...conflict(1, 'deux', 'zwei', 'r3'), text: 'one zwei THREE\n' });
  const { changes } = replica.resolve(['zwei deux']);
  assert.deepEqual(
    changes.map(({ isOwn }) => isOwn),
    [false, true],
  );
  assert.equal(changed('one deux three\n', changes.slice(0, 1)), 'one deux THREE\n');
  assert.equal(changed('one deux three\n', changes), 'one zwei deux THREE\n');
});

test('P15: a parked conflict is resolved beside the text that is shown', () => {
  const replica = joined();
  const { type: _, seq: __, waiting: ___, ...parked } = conflict(1, 'deux', 'two', 'r1');
  const { send: sent, changes } = replica.resolveParked({ ...parked, commit: 'aside' }, ['deux']);
  const resolve = { type: 'resolve', seq: 1, commit: 'aside', base: 'r1' };
  assert.deepEqual([sent, changes], [[{ ...resolve, text: 'one deux three\n' }], []]);
  replica.edited('one two three, four\n');
  receive(replica, merged(1, 'one deux three\n', 'one deux three\n', 'r2', 'r2'));
  assert.deepEqual([replica.local, replica.known.commit], ['one deux three, four\n', 'r2']);
});

test('P15: earlier edits go first, and the decision is not forgotten', () => {
  const replica = joined();
  const { type: _, seq: __, waiting: ___, ...parked } = conflict(1, 'deux', 'two', 'r1');
  replica.edited('one two three, four\n');
  const { send: first } = replica.resolveParked({ ...parked, commit: 'aside' }, ['deux']);
  assert.equal(first[0]?.type, 'edit');
  receive(replica, merged(1, 'one two three, four\n', 'one two three, four\n', 'r2'));
  const [then] = replica.flush().send;
  assert.equal(then?.type, 'resolve');
});

test('P15: the resolution of a parked conflict may conflict in turn', () => {
  const replica = joined();
  const { type: _, seq: __, waiting: ___, ...parked } = conflict(1, 'deux', 'two', 'r1');
  replica.resolveParked({ ...parked, commit: 'aside' }, ['deux']);
  replica.edited('one two three, four\n');
  receive(replica, conflict(1, 'deux', 'dwa', 'r2'));
  assert.deepEqual([replica.local, replica.known.commit], ['one deux three, four\n', 'own1']);
  assert.equal(replica.conflict?.hunks[0]?.ours, 'dwa');
});

test('P15: a refused resolution of a parked conflict changes nothing', () => {
  const replica = joined();
  const { type: _, seq: __, waiting: ___, ...parked } = conflict(1, 'deux', 'two', 'r1');
  replica.resolveParked({ ...parked, commit: 'aside' }, ['deux']);
  receive(replica, { type: 'error', code: 'unknown_base', message: 'Gone.', seq: 1 });
  assert.deepEqual([replica.local, replica.known.commit, replica.isSettled], [TEXT, 'r1', true]);
});

test('a reloaded page continues where it was', () => {
  const replica = joined();
  const edit = send(replica, `a ${TEXT}`);
  replica.edited(`a b ${TEXT}`);
  const again = new Replica(JSON.parse(JSON.stringify(replica.snapshot())));
  assert.equal(again.local, `a b ${TEXT}`);
  again.opened('Me');
  assert.deepEqual(receive(again, welcome()).send, [edit]);
});

test('an edit that was parked while offline keeps the base it was typed on', () => {
  const replica = joined();
  send(replica, 'one deux three\n');
  replica.closed();
  replica.opened('Me');
  receive(replica, welcome({ revision: 'r2', seq: 1 }));
  const { send: sent } = receive(
    replica,
    merged(1, 'one deux three\n', 'one zwei three\n', 'r2', 'r2'),
  );
  assert.equal(/** @type {any} */ (sent[0]).base, 'r1');
  assert.equal(replica.local, 'one deux three\n');
});

test('an unexpected event raises', () => {
  const replica = new Replica();
  assert.throws(() => receive(replica, welcome()), ProtocolError);
  assert.throws(() => replica.resolve([]), ProtocolError);
  replica.opened('Me');
  assert.throws(() => replica.opened('Me'), ProtocolError);
  assert.throws(() => receive(replica, update('r1', '', 'r2', 'x')), ProtocolError);
});

test('a text that has become read-only is so while an edit is outstanding, too', () => {
  const replica = joined();
  send(replica, `a ${TEXT}`);
  replica.closed();
  replica.opened('Me');
  receive(replica, welcome({ access: 'view' }));
  assert.equal(replica.isViewOnly, true);
  receive(replica, { type: 'error', code: 'forbidden', message: 'Read only.', seq: 1 });
  assert.deepEqual([replica.refused, replica.local], ['Read only.', `a ${TEXT}`]);
});
