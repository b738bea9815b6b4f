/**
 * The generator of load for the other systems: one task in, reports out (bench/load/task.py).
 *
 *     node generator.js hocuspocus|y-websocket|sharedb < task.json
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.js';
import { ShareDbClient } from './sharedb_client.js';
import { now } from './words.js';
import { HocuspocusClient, YWebsocketClient } from './yjs_client.js';

const CLIENTS = {
  hocuspocus: HocuspocusClient,
  'y-websocket': YWebsocketClient,
  sharedb: ShareDbClient,
};
// One server sends what it kept a little after it has said that this is all.
const OPEN_MS = 3000;

function say(report) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function load(task, Client, input) {
  const crowd = new Crowd(task, Client, () => say({ type: 'begun' }));
  const released = once(input, 'line').then(() => crowd.stop());
  await crowd.come();
  if (task.hold) {
    say({ type: 'begun' });
    await Promise.race([released, once(input, 'close')]);
  } else {
    say(await crowd.work());
  }
  crowd.go();
}

/** Open documents; one is there when its text is. */
async function open({ server, documents }, Client) {
  const opened = await Promise.all(
    documents.map(async (name) => {
      const start = now();
      const client = new Client(server, name);
      await client.joined;
      while (client.text === '' && now() - start < OPEN_MS) await sleep(1);
      return { client, took: now() - start };
    }),
  );
  say({
    type: 'opened',
    took_ms: opened.map(({ took }) => took),
    last: Number(process.hrtime.bigint()) / 1e9,
    text: opened[0].client.text,
  });
  for (const { client } of opened) client.close();
}

const input = createInterface({ input: process.stdin });
const [line] = await once(input, 'line');
const task = JSON.parse(line);
task.server = task.server.replace('http:', 'ws:');
const Client = CLIENTS[process.argv[2]];
try {
  if (task.type === 'load') await load(task, Client, input);
  else await open(task, Client);
} catch (problem) {
  say({ type: 'failed', why: String(problem) });
}
process.stdout.write('', () => process.exit());
