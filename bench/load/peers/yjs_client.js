/**
 * A client of a Yjs server, with the frames of y-websocket or of Hocuspocus, which prefixes each
 * frame with the document's name.
 *
 * Both servers send a change to all clients including its author; that counts as the answer.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';

const SYNC = 0;
const AUTHENTICATION = 2;
const SYNC_REPLY = 4;
const TOKEN = 0;

class YjsClient {
  /** Called with each stretch of text that others inserted. @type {(inserted: string) => void} */
  onInserted = () => {};
  /** Called when the server has answered the last change. @type {() => void} */
  onAnswered = () => {};
  #document = new Y.Doc();
  #text = this.#document.getText('text');
  #socket;
  #name;
  #synced = Promise.withResolvers();

  /**
   * @param {string} url of the websocket
   * @param {string} name of the document
   * @param {boolean} named whether the frames begin with it
   */
  constructor(url, name, named) {
    this.#name = named ? name : null;
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.on('open', () => this.#greet());
    this.#socket.on('message', (data) => this.#take(new Uint8Array(data)));
    this.#socket.on('error', this.#synced.reject);
    this.#document.on('update', (update, origin) => {
      if (origin !== this) this.#send(SYNC, (frame) => sync.writeUpdate(frame, update));
    });
  }

  /** Resolves when the server's document is here; rejects if there is no connection. */
  get joined() {
    return this.#synced.promise;
  }

  get text() {
    return this.#text.toString();
  }

  /** Return the first blank at or after `start`, without building the whole text. */
  blankFrom(start) {
    let position = 0;
    for (let item = this.#text._start; item; item = item.right) {
      if (item.deleted) continue;
      if (position + item.length > start) {
        const blank = item.content.str.indexOf(' ', Math.max(start - position, 0));
        if (blank >= 0) return position + blank;
      }
      position += item.length;
    }
    return 0;
  }

  get length() {
    return this.#text.length;
  }

  insert(place, text) {
    this.#text.insert(place, text);
  }

  close() {
    this.#socket.terminate();
  }

  #greet() {
    if (this.#name !== null) {
      this.#send(AUTHENTICATION, (frame) => {
        encoding.writeVarUint(frame, TOKEN);
        encoding.writeVarString(frame, '');
      });
    }
    this.#send(SYNC, (frame) => sync.writeSyncStep1(frame, this.#document));
  }

  #take(data) {
    const frame = decoding.createDecoder(data);
    if (this.#name !== null) decoding.readVarString(frame);
    const kind = decoding.readVarUint(frame);
    if (kind !== SYNC && kind !== SYNC_REPLY) return;
    const step = decoding.readVarUint(frame);
    const content = decoding.readVarUint8Array(frame);
    if (step === sync.messageYjsSyncStep1) {
      const missing = Y.encodeStateAsUpdate(this.#document, content);
      this.#send(SYNC, (reply) => {
        encoding.writeVarUint(reply, sync.messageYjsSyncStep2);
        encoding.writeVarUint8Array(reply, missing);
      });
    } else {
      Y.applyUpdate(this.#document, content, this);
      this.#notice(content);
    }
    if (step === sync.messageYjsSyncStep2) this.#synced.resolve();
  }

  /** Read what was inserted from the update: Yjs's own events would search the whole text. */
  #notice(update) {
    for (const { id, content } of Y.decodeUpdate(update).structs) {
      if (id.client === this.#document.clientID) this.onAnswered();
      else if (content instanceof Y.ContentString) this.onInserted(content.str);
    }
  }

  /** @param {(frame: encoding.Encoder) => void} write */
  #send(kind, write) {
    const frame = encoding.createEncoder();
    if (this.#name !== null) encoding.writeVarString(frame, this.#name);
    encoding.writeVarUint(frame, kind);
    write(frame);
    this.#socket.send(encoding.toUint8Array(frame));
  }
}

export class HocuspocusClient extends YjsClient {
  /** @param {string} server @param {string} name */
  constructor(server, name) {
    super(server, name, true);
  }
}

export class YWebsocketClient extends YjsClient {
  /** @param {string} server @param {string} name */
  constructor(server, name) {
    super(`${server}/${name}`, name, false);
  }
}
