/**
 * Hocuspocus with its state in SQLite, as in its SQLite extension, but with Node's built-in SQLite:
 * the extension's has to be compiled.
 */

import { DatabaseSync } from 'node:sqlite';
import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';

const database = new DatabaseSync(`${process.argv[2]}/documents.sqlite`);
database.exec(
  'CREATE TABLE IF NOT EXISTS documents (name varchar(255) NOT NULL, data blob NOT NULL, UNIQUE(name))',
);
const select = database.prepare('SELECT data FROM documents WHERE name = ?');
const upsert = database.prepare(
  'INSERT INTO documents (name, data) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET data = excluded.data',
);

const server = new Server({
  port: 0,
  address: '127.0.0.1',
  quiet: true,
  timeout: 3_600_000, // our readers are silent for longer than a real page
  extensions: [
    new Database({
      fetch: async ({ documentName }) => select.get(documentName)?.data ?? null,
      store: async ({ documentName, state }) => void upsert.run(documentName, state),
    }),
  ],
});

await server.listen();
console.log(`http://127.0.0.1:${server.address.port}`);
