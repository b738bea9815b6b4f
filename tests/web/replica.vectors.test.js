// The replica runs the scenes that it shares with the client for programs
// (tests/server/client/test_replica_vectors.py). Each step is an event or a command, and what it
// must send. The owner of the replica never waits: it catches up and flushes after each step.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Replica } from '../../web/replica/replica.js';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/replica.json', import.meta.url), 'utf8'),
);

/** @param {Replica} replica @param {any} step @returns {object[]} the messages to send */
function run(replica, step) {
  if ('opened' in step) return replica.opened(step.opened).send;
  if ('closed' in step) return replica.closed().send;
  const outputs = [act(replica, step), replica.catchUp(), replica.flush()];
  return outputs.flatMap((output) => output.send);
}

/** @param {Replica} replica @param {any} step */
function act(replica, step) {
  if ('retry' in step) return replica.retry();
  if ('edited' in step) return replica.edited(step.edited);
  if ('resolve' in step) return replica.resolve(step.resolve);
  if ('park' in step) return replica.park();
  const { received: message } = step;
  return replica.received(
    message.type === 'welcome' ? { ...vectors.welcome, ...message } : message,
  );
}

for (const { name, steps } of vectors.scenes) {
  test(name, () => {
    const replica = new Replica();
    for (const step of [...vectors.joined, ...steps]) {
      const found = {
        send: JSON.parse(JSON.stringify(run(replica, step))),
        local: replica.local,
        known: replica.known.commit,
        conflict: replica.conflict !== null,
        refused: replica.refused !== null,
      };
      const expected = { send: [], ...step }; // a step names only what it checks
      assert.deepEqual({ ...found, ...expected }, { ...expected, ...found });
    }
  });
}
