/**
 * The load generator for the other systems: one task in, reports out (bench/load/task.py).
 *
 *     node generator.js hocuspocus|y-websocket|sharedb < task.json
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientGroup } from './client_group.js';
import { ShareDbClient } from './sharedb_client.js';
import { now } from './word_log.js';
import { HocuspocusClient, YWebsocketClient } from './yjs_client.js';

const CLIENTS = {
  hocuspocus: HocuspocusClient,
  'y-websocket': YWebsocketClient,
  sharedb: ShareDbClient,
};
// One server sends its stored text shortly after it has reported the end of the synchronization.
const OPEN_MS = 3000;

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function load(task, Client, input) {
  const begun = () => report({ type: 'begun' });
  const ended = () => report({ type: 'ended' });
  const group = new ClientGroup(task, Client, { begun, ended });
  const released = once(input, 'line').then(() => group.stop());
  await group.connect();
  if (task.hold) {
    begun();
    await Promise.race([released, once(input, 'close')]);
  } else {
    report(await group.run());
  }
  group.disconnect();
}

/** Open documents; a document is open when its text has arrived. */
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
  report({
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
  report({ type: 'failed', why: String(problem) });
}
process.stdout.write('', () => process.exit());
