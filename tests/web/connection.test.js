import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../web/replica/connection.js';
import { FakeClock } from './clock.js';

class FakeSocket {
  /** @type {FakeSocket[]} */ static all = [];
  /** @type {any[]} */ sent = [];
  isClosed = false;
  readyState = 1;
  /** @type {() => void} */ onopen = () => {};
  /** @type {(event: {data: string}) => void} */ onmessage = () => {};
  /** @type {(event: {code: number, reason?: string}) => void} */ onclose = () => {};

  constructor() {
    FakeSocket.all.push(this);
  }

  /** @param {string} data */
  send(data) {
    this.sent.push(JSON.parse(data));
  }

  close() {
    this.isClosed = true;
  }

  /** @param {object} message */
  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

function connect() {
  FakeSocket.all = [];
  const clock = new FakeClock();
  /** @type {string[]} */
  const events = [];
  const listener = {
    opened: () => events.push('opened'),
    closed: () => events.push('closed'),
    received: (/** @type {any} */ message) => events.push(message.type),
    changed: () => {},
  };
  const connection = new Connection('ws://x', listener, /** @type {any} */ (FakeSocket), clock);
  connection.open();
  const socket = () => /** @type {FakeSocket} */ (FakeSocket.all.at(-1));
  return { connection, clock, events, socket };
}

test('pauses grow from half a second to thirty seconds', () => {
  const { clock, socket } = connect();
  const pauses = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
  for (const pause of pauses) {
    const lost = socket();
    lost.onclose({ code: 1006 });
    clock.pass(pause - 1);
    assert.equal(socket(), lost, `before ${pause} ms`);
    clock.pass(1);
    assert.notEqual(socket(), lost, `after ${pause} ms`);
  }
});

test('pauses have full jitter', () => {
  const { clock, connection, socket } = connect();
  clock.random = () => 0.25;
  socket().onclose({ code: 1006 });
  assert.deepEqual(connection.state, { name: 'waiting', untilMs: 125, reason: '' });
});

test('a connection that was good for a while makes the next pause short again', () => {
  const { clock, connection, socket } = connect();
  for (const pause of [500, 1000]) {
    socket().onclose({ code: 1006 });
    clock.pass(pause);
  }
  socket().onopen();
  clock.pass(6000);
  socket().onclose({ code: 1006 });
  assert.equal(/** @type {any} */ (connection.state).untilMs - clock.now(), 500);
});

test('wake tries at once', () => {
  const { connection, socket } = connect();
  socket().onclose({ code: 1006 });
  connection.wake();
  assert.equal(FakeSocket.all.length, 2);
});

test('it pings every 15 s, and gives up a socket that does not answer within 15 s', () => {
  const { clock, events, socket } = connect();
  const first = socket();
  first.onopen();
  clock.pass(15_000);
  assert.deepEqual(first.sent, [{ type: 'ping' }]);
  first.says({ type: 'pong' });
  clock.pass(29_999);
  assert.ok(!first.isClosed);
  clock.pass(1);
  assert.ok(first.isClosed);
  assert.deepEqual(events, ['opened', 'closed']);
  first.says({ type: 'update' });
  assert.deepEqual(events, ['opened', 'closed'], 'a socket given up is not heard any more');
});

test('a timer that comes late drops no connection before what arrived meanwhile is read', () => {
  const { clock, socket } = connect();
  const only = socket();
  only.onopen();
  for (let minute = 0; minute < 5; minute++) {
    clock.sleep(60_000); // as in a hidden tab: the timer is due, and runs at the next minute
    assert.ok(!only.isClosed, `after ${minute + 1} minutes`);
    only.says({ type: 'pong' });
  }
  clock.pass(15_000);
  clock.sleep(3_600_000); // the answer has come during the sleep, and waits behind the timer
  assert.ok(!only.isClosed);
  only.says({ type: 'pong' });
  clock.pass(2_000);
  only.says({ type: 'pong' });
  clock.sleep(3_600_000);
  clock.pass(16_000); // this time nothing has come
  assert.ok(only.isClosed);
});

test('a socket that is not open after 15 s is given up', () => {
  const { clock, socket } = connect();
  const first = socket();
  clock.pass(14_999);
  assert.ok(!first.isClosed);
  clock.pass(1);
  assert.ok(first.isClosed);
  clock.pass(500);
  assert.notEqual(socket(), first);
});

test('P12: close codes have reasons, and some are for good', () => {
  for (const code of [1001, 1008, 1013]) {
    const { connection, socket } = connect();
    socket().onclose({ code });
    assert.equal(connection.state.name, 'waiting');
    assert.notEqual(/** @type {any} */ (connection.state).reason, '');
  }
  const { connection, socket } = connect();
  socket().onclose({ code: 1013, reason: 'too many connections from one address' });
  assert.equal(connection.state.name, 'waiting');
  assert.match(/** @type {any} */ (connection.state).reason, /^Too many pages are open/);
  for (const code of [4401, 4404]) {
    const { clock, connection, socket } = connect();
    socket().onclose({ code });
    clock.pass(600_000);
    assert.equal(connection.state.name, 'refused');
    assert.equal(FakeSocket.all.length, 1);
  }
});

test('a page without access tries again when it is woken, and stays without until it is let in', () => {
  const { connection, socket } = connect();
  socket().onopen();
  socket().onclose({ code: 4401 });
  const refused = connection.state;
  for (const code of [4401, 4404]) {
    connection.wake();
    assert.equal(connection.state.name, 'refused');
    socket().onopen();
    assert.equal(connection.state.name, 'refused', 'nobody has let it in yet');
    socket().onclose({ code });
  }
  assert.notDeepEqual(connection.state, refused, 'the last reason counts');
  connection.wake();
  connection.wake();
  assert.equal(FakeSocket.all.length, 4, 'one socket at a time');
  socket().onopen();
  socket().says({ type: 'welcome' });
  assert.equal(connection.state.name, 'open');
});

test('nothing is sent while there is no open socket', () => {
  const { connection, socket } = connect();
  connection.send({ type: 'sync' });
  assert.deepEqual(socket().sent, []);
});

test('nothing is sent on a socket that is closing, of which the page is not told yet', () => {
  const { connection, socket } = connect();
  socket().onopen();
  socket().readyState = 2;
  connection.send({ type: 'sync' });
  assert.deepEqual(socket().sent, []);
});

test('a closed connection comes back when it is woken, and not before', () => {
  for (const isOpen of [true, false]) {
    const { clock, connection, events, socket } = connect();
    const first = socket();
    if (isOpen) first.onopen();
    connection.close();
    clock.pass(600_000);
    assert.deepEqual([first.isClosed, FakeSocket.all.length], [true, 1]);
    assert.deepEqual(events, isOpen ? ['opened', 'closed'] : []);
    connection.wake();
    assert.equal(FakeSocket.all.length, 2);
  }
});

test('a document that was renamed is not looked for at its old address any more', () => {
  const { clock, connection, socket, events } = connect();
  const only = socket();
  only.onopen();
  only.onclose({ code: 4301, reason: 'plans' });
  assert.deepEqual(connection.state, { name: 'moved', document: 'plans' });
  connection.wake();
  clock.pass(60_000);
  assert.equal(socket(), only);
  assert.deepEqual(events, ['opened', 'closed']);
});

test('a document that was deleted is asked for again when the user comes back only', () => {
  const { clock, connection, socket } = connect();
  const first = socket();
  first.onclose({ code: 4410, reason: '' });
  const reason = 'This document was deleted.';
  assert.deepEqual(connection.state, { name: 'refused', kind: 'deleted', reason });
  clock.pass(60_000);
  assert.equal(socket(), first);
  connection.wake();
  assert.notEqual(socket(), first);
});
