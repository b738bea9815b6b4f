// Has the worker read the newest text, one at a time, and gives up if that takes too long.

import { say } from '../text/say.js';

/** @typedef {import('./markdown.js').Block} Block */
/**
 * @typedef {{rendered: (blocks: Block[], text: string) => void, failed: (sentence: string) => void}} RendererListener
 */

const TAKES_MAX_MS = 20_000;

export class Renderer {
  #listener;
  /** @type {Worker | null} */
  #worker = null;
  /** @type {string | null} the text that it reads */
  #reading = null;
  /** @type {string | null} the one to read then */
  #next = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {RendererListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {string} text */
  render(text) {
    if (this.#reading !== null) {
      this.#next = text;
      return;
    }
    this.#reading = text;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => this.#fail(say('previewSlow')), TAKES_MAX_MS);
    this.#worker.postMessage(text);
  }

  /** Stop reading, and free the worker. */
  stop() {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = this.#reading = this.#next = null;
  }

  #start() {
    const worker = new Worker(new URL('../preview/worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => this.#read(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(say('loadFailed'));
    };
    return worker;
  }

  /** @param {Block[]} blocks */
  #read(blocks) {
    clearTimeout(this.#timer);
    const [text, next] = [/** @type {string} */ (this.#reading), this.#next];
    this.#reading = this.#next = null;
    if (next !== null) this.render(next);
    this.#listener.rendered(blocks, text);
  }

  /** @param {string} sentence */
  #fail(sentence) {
    const next = this.#next;
    this.stop();
    this.#listener.failed(sentence);
    if (next !== null) this.render(next);
  }
}
