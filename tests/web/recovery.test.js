import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasArrived,
  orphanFromLost,
  orphansOf,
  Recovery,
  wordsIn,
} from '../../web/drafts/recovery.js';
import { Replica } from '../../web/replica/replica.js';
import { FakeClock } from './clock.js';
import { settled } from './draft_store.js';
import { ReferenceServer } from './reference_server.js';

const TEXT = 'one two three\n';

/** A connection to the reference server. */
class FakeLine {
  /** @type {import('../../web/replica/connection.js').ConnectionState} */
  state = { name: 'connecting' };
  #client = '';

  /** @param {World} world @param {import('../../web/replica/connection.js').Listener} listener */
  constructor(world, listener) {
    this.world = world;
    this.listener = listener;
    world.lines.push(this);
  }

  open() {
    this.state = this.world.isDown ? { name: 'waiting', untilMs: 0, reason: '' } : { name: 'open' };
    this.listener.changed(this.state);
    if (!this.world.isDown) this.listener.opened();
  }

  close() {
    this.world.server.leave(this.#client);
    this.state = { name: 'closed' };
  }

  drop() {
    this.close();
    this.listener.closed();
    this.open();
  }

  /** @param {any} message */
  send(message) {
    this.world.sent.push(message);
    const copy = JSON.parse(JSON.stringify(message));
    const { server } = this.world;
    queueMicrotask(() => {
      if (copy.type === 'hello') this.#client = server.join(copy, (answer) => this.#hear(answer));
      else if (!this.world.isMute) server.receive(this.#client, copy);
    });
  }

  /** @param {any} answer */
  #hear(answer) {
    const copy = JSON.parse(JSON.stringify(answer));
    queueMicrotask(() => this.listener.received(copy));
  }
}

class World {
  server = new ReferenceServer(TEXT);
  clock = new FakeClock();
  /** @type {any[]} */
  sent = [];
  /** @type {FakeLine[]} */
  lines = [];
  isDown = false;
  isMute = false;

  /** @param {import('../../web/replica/replica.js').Snapshot} snapshot @param {boolean} [isLost] */
  recovery(snapshot, isLost) {
    const connect = (/** @type {import('../../web/replica/connection.js').Listener} */ listener) =>
      new FakeLine(this, listener);
    return new Recovery(snapshot, { connect, name: 'Me', clock: this.clock }, isLost);
  }

  /** The snapshot that a page leaves behind. @param {(tab: Tab) => void} story */
  after(story) {
    const tab = new Tab(this.server);
    story(tab);
    this.server.leave(tab.id);
    return /** @type {import('../../web/replica/replica.js').Snapshot} */ (
      JSON.parse(JSON.stringify(tab.replica.snapshot()))
    );
  }

  /** Someone else edits the text. @param {string} text */
  others(text) {
    const base = this.server.text;
    const other = new Tab(this.server);
    other.types(text);
    other.sends();
    assert.notEqual(this.server.text, base);
  }
}

/** A tab that receives answers at once, or never. */
class Tab {
  replica = new Replica();
  isDeaf = false;

  /** @param {ReferenceServer} server */
  constructor(server) {
    this.server = server;
    const [hello] = this.replica.opened('Me').send;
    this.id = server.join(hello, (message) => this.#hear(message));
    this.replica.catchUp();
  }

  /** @param {any} message */
  #hear(message) {
    if (!this.isDeaf) this.replica.received(JSON.parse(JSON.stringify(message)));
  }

  /** @param {string} text */
  types(text) {
    this.replica.edited(text);
  }

  /** @param {boolean} [isLost] on the way */
  sends(isLost = false) {
    for (const message of this.replica.flush().send) {
      if (!isLost) this.server.receive(this.id, JSON.parse(JSON.stringify(message)));
    }
  }
}

test('what was never sent is merged on the base it was typed on', async () => {
  const world = new World();
  const left = world.after((tab) => tab.types('one two three four\n'));
  world.others('zero one two three\n');
  assert.equal(await world.recovery(left).run(), 'merged');
  assert.equal(world.server.text, 'zero one two three four\n');
});

test('an edit whose answer was lost is not done twice', async () => {
  const world = new World();
  const left = world.after((tab) => {
    tab.types('one two three four\n');
    tab.isDeaf = true;
    tab.sends();
    tab.types('one two three four five\n');
  });
  assert.equal(await world.recovery(left).run(), 'merged');
  assert.equal(world.server.text, 'one two three four five\n');
});

test('an edit that was lost on its way is sent as it was', async () => {
  const world = new World();
  const left = world.after((tab) => {
    tab.types('one two three four\n');
    tab.sends(true);
  });
  assert.equal(await world.recovery(left).run(), 'merged');
  assert.equal(world.server.text, 'one two three four\n');
});

test('what is older than the last edit of its client is not sent: that had it all', async () => {
  const world = new World();
  /** @type {any} */
  let old;
  world.after((tab) => {
    tab.types('one two three fo\n');
    old = JSON.parse(JSON.stringify(tab.replica.snapshot()));
    tab.types('one two three four\n');
    tab.sends();
  });
  assert.equal(await world.recovery(old).run(), 'merged');
  assert.equal(world.server.text, 'one two three four\n');
  assert.deepEqual(
    world.sent.map(({ type }) => type),
    ['hello'],
  );
});

test('a conflict is parked, and the rest is merged', async () => {
  const world = new World();
  const left = world.after((tab) => tab.types('one deux three four\n'));
  world.others('one zwei three\n');
  assert.equal(await world.recovery(left).run(), 'parked');
  assert.equal(world.server.text, 'one zwei three four\n');
  assert.deepEqual(world.server.parked, ['one deux three four\n']);
});

test('a conflict that was open when the page went is parked too', async () => {
  const world = new World();
  const left = world.after((tab) => {
    tab.types('one deux three\n');
    world.others('one zwei three\n');
    tab.sends();
    assert.ok(tab.replica.conflict);
    tab.types('one deux three four\n');
  });
  assert.equal(await world.recovery(left).run(), 'parked');
  assert.equal(world.server.text, 'one zwei three four\n');
  assert.deepEqual(world.server.parked, ['one deux three four\n']);
});

test('text typed before the first welcome goes into the document', async () => {
  const world = new World();
  const known = { commit: null, text: '', isRevision: false };
  const left = { client: '', key: '', seq: 0, known, local: 'early\n', sent: null };
  assert.equal(await world.recovery(left).run(), 'merged');
  assert.deepEqual(world.server.text.split('\n').sort(), ['', 'early', 'one two three']);
});

test('a server that cannot be reached is said at once, and nothing changes', async () => {
  const world = new World();
  const left = world.after((tab) => tab.types('one two three four\n'));
  world.isDown = true;
  const recovery = world.recovery(left);
  assert.equal(await recovery.run(), 'unreachable');
  assert.deepEqual(recovery.snapshot, left);
});

test('a server that does not answer is given up, and what is left goes on from there', async () => {
  const world = new World();
  const left = world.after((tab) => tab.types('one two three four\n'));
  world.isMute = true;
  const recovery = world.recovery(left);
  const outcome = recovery.run();
  await settled();
  world.clock.pass(20_000);
  assert.equal(await outcome, 'unreachable');
  assert.equal(recovery.snapshot.sent?.message.seq, 1);
  world.isMute = false;
  assert.equal(await world.recovery(recovery.snapshot).run(), 'merged');
  assert.equal(world.server.text, 'one two three four\n');
});

test('what a restored server lacks is offered apart from what was not sent', async () => {
  const world = new World();
  const copy = world.server.backup();
  world.others(`${TEXT}four five\n`);
  const left = world.after((tab) => tab.types(`zero ${TEXT}four five\n`));
  world.server.restore(copy);
  const recovery = world.recovery(left);
  assert.equal(await recovery.run(), 'merged');
  assert.equal(world.server.text, `zero ${TEXT}`);
  assert.equal(recovery.lost?.local, `${TEXT}four five\n`);
});

test('what several pages kept of a restored server is merged once', async () => {
  const world = new World();
  const local = `${TEXT}four five\n`;
  const known = { commit: 'c0', text: TEXT, isRevision: true };
  const { snapshot, client, owner } = orphanFromLost('notes', { known, local });
  assert.deepEqual(
    [client, owner],
    Array(2).fill(orphanFromLost('notes', { known, local }).client),
  );
  assert.equal(await world.recovery(snapshot, true).run(), 'merged');
  assert.equal(world.server.text, local);
  world.others(`${local}six\n`);
  assert.equal(await world.recovery(snapshot, true).run(), 'merged');
  assert.equal(world.server.text, `${local}six\n`);
});

test('what the server refuses is kept, with its reason', async () => {
  const world = new World();
  const left = world.after((tab) => tab.types('x'.repeat(2 << 20)));
  const recovery = world.recovery(left);
  assert.equal(await recovery.run(), 'refused');
  assert.match(recovery.reason, /too large/);
  assert.equal(recovery.snapshot.local, left.local);
});

test('a look tells whether all has arrived, and sends nothing', async () => {
  const world = new World();
  const arrived = world.after((tab) => {
    tab.types('one two three four\n');
    tab.isDeaf = true;
    tab.sends();
  });
  const lost = world.after((tab) => {
    tab.types(`zero ${world.server.text}`);
    tab.sends(true);
  });
  assert.equal(await world.recovery(arrived).hasArrived(), true);
  assert.equal(await world.recovery({ ...arrived, local: 'and more' }).hasArrived(), false);
  assert.equal(await world.recovery(lost).hasArrived(), false);
  assert.deepEqual(new Set(world.sent.map(({ type }) => type)), new Set(['hello']));
});

test('P14: what another client has says nothing', () => {
  const left = new World().after((tab) => tab.types('typed'));
  assert.equal(hasArrived(left, /** @type {any} */ ({ client: 'other', seq: 7 })), false);
});

test('orphans have unsent text and nobody who would send it', () => {
  const snapshot = new World().after((tab) => tab.types('typed'));
  const draft = (/** @type {string} */ client, /** @type {object} */ more) =>
    /** @type {any} */ ({ client, owner: `page of ${client}`, snapshot, ...more });
  const clean = { ...snapshot, local: snapshot.known.text };
  const drafts = [
    draft('alone', {}),
    draft('here', {}),
    draft('sleeps', { owner: 'living page' }),
    draft('clean', { snapshot: clean }),
    draft('finished', { snapshot: null }),
  ];
  const found = orphansOf(drafts, new Set(['here', 'living page']));
  assert.deepEqual(
    found.map(({ client }) => client),
    ['alone'],
  );
});

test('the words that were typed are counted', () => {
  const left = new World().after((tab) => tab.types('zero one two, and three\n'));
  assert.equal(wordsIn(left), 3);
});
