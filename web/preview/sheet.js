// A text shown as a page: what the preview and the read view share. Reads the newest text, has the frame
// show it, and with it the outline, the pictures that wait for a click, and the ways to print and save it.

import { shown } from '../text/endings.js';
import { LineIndex } from '../text/line_index.js';
import { say } from '../text/say.js';
import { titleOf } from '../text/title.js';
import { byId, setText } from '../ui/dom.js';
import { download } from '../ui/export_text.js';
import { textAt } from '../ui/loading.js';
import { loadCleaner } from './clean.js';
import { pageOf } from './export_html.js';
import { showOutline } from './outline.js';
import { PageFrame } from './page_frame.js';
import { Renderer } from './renderer.js';

/**
 * @typedef {object} SheetHost
 * @property {string} document the name of the document
 * @property {(name: string) => string} addressOf the address of a document, for links
 * @property {() => boolean} canTick whether the user may tick tasks
 * @property {(text: string, offset: number, isDone: boolean) => boolean} tick a task of a text that was
 *   shown; returns whether it could be
 * @property {(event: KeyboardEvent) => void} key pressed in the frame
 * @property {() => void} shown the text, or another part of it
 * @property {() => void} scrolled by the user, or by the page
 * @property {(id: string) => void} linked to a heading
 * @property {(sentence: string) => void} announce
 */

const AFTER_MS = 150; // the last change
const LATEST_MS = 1000; // after the first

export class Sheet {
  #host;
  #purify;
  #frame;
  /** @type {Set<string>} */
  #servers = new Set();
  #renderer = new Renderer({
    rendered: (blocks, text) => this.#rendered(blocks, text),
    failed: (sentence) => setText('sheet-note', sentence),
  });
  /** @type {import('./markdown.js').Block[]} */
  #blocks = [];
  /** @type {string | null} the text with these blocks */
  #text = null;
  /** @type {string | null} the newest one, with its own line ends */
  #asked = null;
  #canTick = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #changedMs = 0; // the first change that is not shown

  /** Load the frame and what cleans a text. @param {SheetHost} host */
  static async load(host) {
    const purify = await loadCleaner();
    const sheet = new Sheet(host, purify);
    await sheet.#reload();
    return sheet;
  }

  /** @param {SheetHost} host @param {import('./clean.js').DOMPurify} purify */
  constructor(host, purify) {
    this.#host = host;
    this.#purify = purify;
    this.#frame = /** @type {PageFrame | null} */ (null);
    byId('sheet-download', HTMLButtonElement).onclick = () => this.#download();
    byId('sheet-print', HTMLButtonElement).onclick = () => this.frame.print();
  }

  get frame() {
    return /** @type {PageFrame} */ (this.#frame);
  }

  /** The text may have changed, or what the user may do: show it, a moment after the last change. @param {string} text */
  changed(text) {
    const canTick = this.#host.canTick();
    if (text === this.#asked && canTick === this.#canTick) return;
    this.#asked = text;
    this.#canTick = canTick;
    const nowMs = performance.now();
    if (this.#timer === undefined) this.#changedMs = nowMs;
    clearTimeout(this.#timer);
    const waitMs = Math.min(AFTER_MS, Math.max(0, this.#changedMs + LATEST_MS - nowMs));
    this.#timer = setTimeout(() => this.#read(), this.#text === null ? 0 : waitMs);
  }

  /** Go to the block of a line of the text. @param {number} line @returns {string | null} the line; null if there is none */
  goToLine(line) {
    const [text, index] = [this.#text ?? '', new LineIndex()];
    index.update(text);
    const start = index.startOf(line);
    if (start === null) return null;
    this.frame.goToOffset(start);
    return text.slice(start, index.endOf(start));
  }

  /** Stop until the text changes again. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked = null;
    this.#renderer.stop();
  }

  #read() {
    this.#timer = undefined;
    this.#renderer.render(shown(this.#asked ?? ''));
  }

  /** Load the frame: it says from which servers pictures may come. */
  async #reload() {
    const { document, addressOf, key, scrolled, linked } = this.#host;
    const top = this.#frame?.scroller.scrollTop ?? 0;
    const place = { document, addressOf, servers: new Set(this.#servers) };
    this.#frame = await PageFrame.load(byId('sheet-frame', HTMLElement), this.#purify, place, {
      ticked: ({ start, tasks }, index, isDone) => {
        const offset = tasks[index]?.offset ?? -1;
        return offset >= 0 && this.#host.tick(this.#text ?? '', start + offset, isDone);
      },
      key,
      scrolled,
      linked,
    });
    if (this.#text === null) return;
    await this.#show();
    this.frame.scroller.scrollTop = top;
  }

  /** @param {import('./markdown.js').Block[]} blocks @param {string} text */
  #rendered(blocks, text) {
    this.#blocks = blocks;
    this.#text = text;
    this.#show();
  }

  async #show() {
    const { frame } = this;
    const isShown = await frame.show(this.#blocks, this.#canTick);
    if (!isShown || frame !== this.#frame) return;
    setText('sheet-note', this.#text?.trim() ? '' : say('previewEmpty'));
    showOutline(frame.headings, (id) => this.#host.linked(id));
    this.#showRefused();
    this.#host.shown();
  }

  /** Offer to load pictures, by server. */
  #showRefused() {
    const bar = byId('sheet-pictures', HTMLElement);
    const servers = [...this.frame.refused].sort();
    const known = [...bar.querySelectorAll('button')].map((it) => it.dataset.server);
    bar.hidden = servers.length === 0;
    if (servers.join() === known.join()) return;
    const buttons = servers.map((server) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.server = server;
      button.textContent = say('loadPictures', { host: new URL(server).host });
      button.onclick = () => this.#admit(server);
      return button;
    });
    bar.replaceChildren(...buttons);
  }

  /** @param {string} server */
  async #admit(server) {
    this.#servers.add(server);
    await this.#reload();
    this.#host.announce(say('picturesLoaded', { host: new URL(server).host }));
  }

  async #download() {
    const title = titleOf(this.#text ?? '') || say('untitled');
    const styles = await textAt(new URL('../preview/sheet.css', import.meta.url).href);
    const file = `${this.#host.document.replace(/\.(md|txt)$/, '').replaceAll('/', '-')}.html`;
    download(file, pageOf(this.frame.copy(), title, styles), 'text/html');
    this.#host.announce(say('downloaded', { name: file }));
  }
}
