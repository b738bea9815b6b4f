/** The server of y-websocket with its updates in LevelDB, as in its own command. */

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

process.env.YPERSISTENCE = process.argv[2]; // read when it is imported
const { getPersistence, setupWSConnection } = await import('@y/websocket-server/utils');

const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', setupWSConnection);
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

process.on('SIGTERM', async () => {
  await getPersistence().provider.destroy();
  process.exit(0);
});
