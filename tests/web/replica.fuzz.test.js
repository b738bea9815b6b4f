// Several replicas and a server, with every event that may happen between them, from one seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Replica } from '../../web/replica/replica.js';
import { typedAt } from '../../web/text/diff_splices.js';
import { apply } from '../../web/text/splices.js';
import { random } from './random.js';
import { ReferenceServer } from './reference_server.js';

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 150);
const STEPS = 250;

// Typed words are in brackets, so that they can be told apart where they touch.
const wordsOf = (/** @type {string} */ text) => text.match(/\([^()]*\)/g) ?? [];

/** A person at a browser tab. */
class Tab {
  /** @type {any[]} */ toServer = [];
  /** @type {any[]} */ toClient = [];
  isConnected = false;
  /** @type {number | null} */ outstanding = null;
  id = '';

  /** @param {string} name @param {World} world */
  constructor(name, world) {
    this.name = name;
    this.world = world;
    this.replica = new Replica();
    this.editor = '';
    this.isHeld = false;
  }

  /** @param {import('../../web/replica/replica.js').Output} output */
  carryOut({ send, changes, lost }) {
    if (lost) this.world.drafts.push(lost.local);
    for (const { splices } of changes) this.editor = apply(this.editor, splices);
    assert.equal(this.editor, this.replica.local);
    for (const message of send) this.#send(message);
  }

  /** @param {any} message */
  #send(message) {
    assert.ok(this.isConnected, 'sent without a connection');
    if ('seq' in message) {
      assert.equal(this.outstanding, null, 'one outstanding submission at most');
      this.outstanding = message.seq;
    }
    this.toServer.push(JSON.parse(JSON.stringify(message)));
  }

  connect() {
    this.isConnected = true;
    this.outstanding = null;
    this.carryOut(this.replica.opened(this.name));
  }

  disconnect() {
    this.isConnected = false;
    this.toServer = [];
    this.toClient = [];
    this.world.server.leave(this.id);
    this.carryOut(this.replica.closed());
  }

  /** Reload the page: only the snapshot is left. */
  reload() {
    if (this.isConnected) this.disconnect();
    const snapshot = this.replica.snapshot();
    if (!snapshot) return;
    this.replica = new Replica(JSON.parse(JSON.stringify(snapshot)));
    this.isHeld = false;
  }

  serverReads() {
    const message = this.toServer.shift();
    if (!message) return;
    const { server, dice, isFaulty } = this.world;
    const deliver = (/** @type {any} */ answer) =>
      this.toClient.push(JSON.parse(JSON.stringify(answer)));
    if (message.type === 'hello') {
      if (isFaulty && dice.below(20) === 0) {
        server.parkOf(message.client);
        message.key = 'forgotten';
      } else if (isFaulty && dice.below(5) === 0) {
        server.parkOf(message.client);
      }
      this.id = server.join(message, deliver);
    } else if (isFaulty && message.seq > server.seqOf(this.id) && dice.below(25) === 0) {
      const code = dice.pick(['unavailable', 'rate_limited', 'bad_message', 'unknown_base']);
      deliver({ type: 'error', code, message: 'No.', seq: message.seq });
    } else {
      server.receive(this.id, message);
    }
  }

  reads() {
    const message = this.toClient.shift();
    if (!message) return;
    if (this.world.isFaulty && 'splices' in message && this.world.dice.below(40) === 0)
      message.check ^= 1;
    if ('seq' in message && message.seq === this.outstanding && message.type !== 'welcome') {
      this.outstanding = null;
    }
    this.carryOut(this.replica.received(message));
  }

  type() {
    const { dice, removed, typed } = this.world;
    const parts = this.editor.split(/(?<=\s)/);
    const at = dice.below(parts.length + 1);
    const isReplacing = dice.below(4) === 0;
    for (const word of wordsOf(isReplacing ? (parts[at] ?? '') : '')) removed.add(word);
    const word = `(${this.name}${typed.size}${dice.pick(['', '', 'é', '😀', '日'])})`;
    typed.add(word);
    parts.splice(at, isReplacing ? 1 : 0, `${word}${dice.pick([' ', ' ', '\n'])}`);
    // After a last word without a space, a person types one first.
    const previous = parts[at - 1];
    if (previous && !/\s$/.test(previous)) parts[at - 1] = `${previous} `;
    const before = this.editor;
    this.editor = parts.join('');
    // The caret is behind the word, or unknown.
    const caret = parts.slice(0, at + 1).join('').length;
    const isKnown = dice.below(4) > 0;
    const splices = isKnown ? typedAt(before, this.editor, caret) : undefined;
    this.carryOut(this.replica.edited(this.editor, splices));
  }

  decide() {
    const { conflict } = this.replica;
    if (!conflict) return;
    if (this.world.dice.below(3) === 0) {
      this.carryOut(this.replica.park());
      return;
    }
    this.world.decided++;
    this.carryOut(this.replica.resolve(this.#results(conflict)));
  }

  /** Resolve a parked conflict. */
  resolvesParked() {
    const { dice, server } = this.world;
    if (this.replica.conflict || this.replica.isDeciding || server.parked.length === 0) return;
    const conflict = server.conflictOf(dice.below(server.parked.length));
    if (conflict.hunks.length === 0) return;
    this.world.resolvedParked++;
    this.carryOut(this.replica.resolveParked(conflict, this.#results(conflict)));
  }

  /** @param {import('../../web/replica/protocol.js').UnmergedConflict} dispute */
  #results({ hunks }) {
    const { dice, removed } = this.world;
    return hunks.map(({ base, ours, theirs }) => {
      const result = dice.pick([ours, theirs, `${theirs} ${ours}`]);
      const kept = new Set(wordsOf(result));
      for (const word of wordsOf(`${base} ${ours} ${theirs}`))
        if (!kept.has(word)) removed.add(word);
      return result;
    });
  }

  catchesUp() {
    if (!this.isHeld) this.carryOut(this.replica.catchUp());
  }
}

class World {
  /** @type {Set<string>} */ typed = new Set();
  /** @type {Set<string>} words that someone deleted or decided against */ removed = new Set();
  /** @type {string[]} texts that pages kept because the server had lost them */ drafts = [];
  isFaulty = true;
  decided = 0;
  resolvedParked = 0;
  restored = 0;

  /** @param {number} seed */
  constructor(seed) {
    this.dice = random(seed);
    this.server = new ReferenceServer('one two three\nfour five six\n');
    this.copy = this.server.backup();
    this.tabs = ['a', 'b', 'c'].map((name) => new Tab(name, this));
  }

  step() {
    const { dice, server } = this;
    const tab = dice.pick(this.tabs);
    const chance = dice.below(100);
    if (chance < 23) tab.serverReads();
    else if (chance < 45) tab.reads();
    else if (chance < 55) tab.catchesUp();
    else if (chance < 67) tab.type();
    else if (chance < 78) tab.carryOut(tab.replica.flush());
    else if (chance < 84) server.broadcast();
    else if (chance < 88) tab.decide();
    else if (chance < 89) tab.resolvesParked();
    else if (chance < 92) tab.isHeld = !tab.isHeld;
    else if (chance < 94) tab.carryOut(tab.replica.retry());
    else if (chance < 96) tab.isConnected && tab.disconnect();
    else if (chance < 97) tab.reload();
    else if (chance < 98 && dice.below(8) === 0) this.restore();
    else if (chance < 98 && dice.below(2) === 0) this.copy = server.backup();
    else if (!tab.isConnected) tab.connect();
  }

  /** Restore the server from its backup. */
  restore() {
    for (const tab of this.tabs) if (tab.isConnected) tab.disconnect();
    // Words that no page shows existed only on the server.
    const shown = new Set(this.tabs.flatMap(({ editor }) => wordsOf(editor)));
    for (const word of this.typed) if (!shown.has(word)) this.removed.add(word);
    this.server.restore(this.copy);
    this.restored++;
  }

  /** Without faults and typing, let everyone come to rest. */
  settle() {
    this.isFaulty = false;
    for (const tab of this.tabs) {
      tab.isHeld = false;
      if (!tab.isConnected) tab.connect();
      // A refused text is changed by its author.
      if (tab.replica.refused) tab.type();
    }
    for (let round = 0; round < 300; round++) {
      for (const tab of this.tabs) {
        while (tab.toServer.length) tab.serverReads();
        this.server.broadcast();
        while (tab.toClient.length) tab.reads();
        if (tab.replica.refused) tab.type();
        tab.carryOut(tab.replica.retry());
        tab.catchesUp();
        tab.carryOut(tab.replica.flush());
        if (tab.replica.state.name !== 'idle' || tab.replica.isDeciding) continue;
        if (tab.replica.conflict) tab.decide();
        else if (this.dice.below(3) > 0) tab.resolvesParked();
      }
      if (this.isAtRest) return;
    }
    const states = this.tabs.map(
      ({ replica }) => `${replica.state.name} ${replica.isUnsent} ${replica.isSettled}`,
    );
    assert.fail(`no rest: ${states.join(', ')}`);
  }

  get isAtRest() {
    return this.tabs.every(
      ({ replica, toServer, toClient }) =>
        replica.isSettled && !replica.conflict && !toServer.length && !toClient.length,
    );
  }
}

test('whatever happens, everyone ends with the same text and no word is lost', () => {
  let [typed, kept, decided, resolvedParked, restored, offered] = [0, 0, 0, 0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = new World(seed);
    try {
      for (let step = 0; step < STEPS; step++) world.step();
      world.settle();
      for (const tab of world.tabs) assert.equal(tab.editor, world.server.text);
      const found = new Set(wordsOf(world.server.text));
      const drafts = new Set(world.drafts.flatMap(wordsOf));
      const aside = new Set([...world.removed, ...world.server.parked.flatMap(wordsOf)]);
      for (const word of world.typed) {
        if (found.has(word)) kept++;
        else if (drafts.has(word) && !aside.has(word)) offered++;
        else assert.ok(aside.has(word), `lost ${word}`);
      }
    } catch (problem) {
      assert.fail(`seed ${seed}: ${problem instanceof Error ? problem.stack : problem}`);
    }
    typed += world.typed.size;
    decided += world.decided;
    resolvedParked += world.resolvedParked;
    restored += world.restored;
  }
  const told = `vacuous: ${kept} of ${typed}, ${decided} decided, ${resolvedParked} parked ones resolved, ${restored} restored, ${offered} offered`;
  assert.ok(kept > typed * 0.5 && decided > SEEDS / 5 && resolvedParked > SEEDS / 10, told);
  assert.ok(restored > SEEDS / 10 && offered > SEEDS / 10, told);
});
