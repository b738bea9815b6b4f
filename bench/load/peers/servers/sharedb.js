/** ShareDB with its documents in memory. */

import { createServer } from 'node:http';
import { type } from 'ot-text';
import ShareDB from 'sharedb';
import { WebSocketServer } from 'ws';
import { SocketStream } from '../socket_stream.js';

ShareDB.types.register(type);
const backend = new ShareDB();
const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => backend.listen(new SocketStream(socket)));
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
