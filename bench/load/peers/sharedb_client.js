/** A client of ShareDB with one text document. */

import { type } from 'ot-text';
import Client from 'sharedb/lib/client/index.js';
import { WebSocket } from 'ws';

Client.types.register(type);

export class ShareDbClient {
  /** Called with each stretch of text that others inserted. @type {(inserted: string) => void} */
  onInserted = () => {};
  /** Called when the server has answered the last change. @type {() => void} */
  onAnswered = () => {};
  #connection;
  #document;

  /** @param {string} server @param {string} name */
  constructor(server, name) {
    this.#connection = new Client.Connection(new WebSocket(server, { perMessageDeflate: false }));
    this.#document = this.#connection.get('texts', name);
    this.#document.on('op', (operation, isOwn) => {
      if (isOwn) return;
      for (const part of operation) if (typeof part === 'string') this.onInserted(part);
    });
  }

  /** Resolves when the server's document is here. */
  get joined() {
    return new Promise((resolve, reject) => {
      this.#connection.on('connection error', reject);
      this.#document.subscribe((problem) => (problem ? reject(problem) : resolve()));
    });
  }

  get text() {
    return this.#document.data ?? '';
  }

  /** Return the first blank at or after `start`. */
  blankFrom(start) {
    return Math.max(this.text.indexOf(' ', start), 0);
  }

  get length() {
    return this.text.length;
  }

  insert(place, text) {
    const done = (problem) => {
      if (problem) throw problem;
      this.onAnswered();
    };
    if (this.#document.type) this.#document.submitOp(place ? [place, text] : [text], done);
    else this.#document.create(text, type.uri, done);
  }

  close() {
    this.#connection.close();
  }
}
