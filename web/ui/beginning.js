// What a new document begins with: nothing, a template, or the text of another document.

import { say } from '../text/say.js';
import { answerOf } from './answers.js';
import { byId } from './dom.js';
import { textAt } from './loading.js';
import { userName } from './storage.js';

const TEMPLATES = 'templates/';
const ALREADY_THERE = 412;
const NOTHING_IN_IT = 400;

export class Beginning {
  #select = byId('begin-with', HTMLSelectElement);
  /** The document that the page was opened to begin with; '' if there is none. */
  from = new URL(location.href).searchParams.get('from') ?? '';

  /** Offer what there is, to those who may create documents. */
  async offer() {
    if (byId('new', HTMLElement).hidden) return;
    if (this.from) this.#add(this.from, this.from).selected = true;
    const address = `api/documents?under=${encodeURIComponent(TEMPLATES)}`;
    // Without an account, or a connection, there are none to choose from.
    const found = await answerOf(fetch(address, { cache: 'no-store' })).catch(() => null);
    for (const { document: name } of found?.documents ?? []) {
      if (name !== this.from) this.#add(name, name.slice(TEMPLATES.length));
    }
  }

  /** @param {string} name @param {string} label */
  #add(name, label) {
    const option = new Option(label, name);
    this.#select.append(option);
    byId('beginning', HTMLElement).hidden = false;
    return option;
  }

  /**
   * Write what was chosen into a document that does not exist yet.
   *
   * @param {string} name
   * @returns {Promise<string>} why that failed; '' if it did not
   */
  async write(name) {
    if (!this.#select.value) return '';
    try {
      const body = await textAt(`d/${this.#select.value}/raw`);
      const address = `d/${name}/raw?name=${encodeURIComponent(userName())}`;
      const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'If-None-Match': '*' };
      const reply = await fetch(address, { method: 'PUT', headers, body });
      const isFine = reply.ok || reply.status === ALREADY_THERE || reply.status === NOTHING_IN_IT;
      return isFine ? '' : await reply.text();
    } catch {
      return say('notBegun', { name: this.#select.value });
    }
  }
}
