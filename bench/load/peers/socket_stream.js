/** A websocket as an object stream, for ShareDB's server. */

import { Duplex } from 'node:stream';

export class SocketStream extends Duplex {
  #socket;

  /** @param {import('ws').WebSocket} socket */
  constructor(socket) {
    super({ objectMode: true });
    this.#socket = socket;
    socket.on('message', (data) => this.push(JSON.parse(data.toString())));
    socket.on('close', () => this.destroy());
  }

  _read() {}

  _write(message, _encoding, done) {
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
    done();
  }
}
