// Links for guests in the Share panel: make one, which is copied at once and never shown again; list
// and revoke them.

import { say } from '../text/say.js';
import { sentenceOf } from '../ui/answers.js';
import { byId, setText } from '../ui/dom.js';
import { copy } from '../ui/export_text.js';
import { fileAt, styleSheet, textAt } from '../ui/loading.js';
import { aboutLink, rightOf } from './link_words.js';
import { LinksApi } from './links_api.js';

/** @typedef {import('./links_api.js').Link} Link */

const EXPIRY_DAYS = [1, 7, 30];

export class GuestLinksView {
  #section;
  #api;
  #announce;
  #isBusy = false;
  #list = byId('link-list', HTMLUListElement);
  #field = byId('new-link-field', HTMLInputElement);
  #row = byId('new-link', HTMLElement);

  /**
   * Load what the links look like.
   *
   * @param {HTMLElement} section its place in the panel
   * @param {string} document its name
   * @param {(sentence: string) => void} announce
   */
  static async load(section, document, announce) {
    const [html] = await Promise.all([
      textAt(fileAt('people/guest_links.html')),
      styleSheet('people/guest_links.css'),
    ]);
    section.innerHTML = html;
    return new GuestLinksView(section, document, announce);
  }

  /** @param {HTMLElement} section @param {string} document @param {(sentence: string) => void} announce */
  constructor(section, document, announce) {
    this.#section = section;
    this.#api = new LinksApi(document);
    this.#announce = announce;
    const expiry = byId('link-expiry', HTMLSelectElement);
    expiry.append(new Option(say('neverExpires'), '0'));
    for (const count of EXPIRY_DAYS)
      expiry.append(new Option(say('expiresIn', { count }), `${count}`));
    byId('make-link', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#try(() => this.#make());
    };
    this.#field.onfocus = () => this.#field.select();
    byId('copy-new-link', HTMLButtonElement).onclick = () => this.#copy();
  }

  /** The panel was opened. @param {boolean} isAllowed whether the user may make links */
  show(isAllowed) {
    this.#section.hidden = !isAllowed;
    this.#row.hidden = true;
    setText('link-note', '');
    if (isAllowed) this.#try(() => this.#load());
  }

  async #load() {
    const links = await this.#api.list();
    this.#list.replaceChildren(...links.map((link) => this.#item(link)));
  }

  async #make() {
    const right = byId('link-right', HTMLSelectElement).value;
    const days = Number(byId('link-expiry', HTMLSelectElement).value);
    const { key } = await this.#api.make(right, days);
    this.#field.value = `${location.origin}${location.pathname}?key=${key}`;
    this.#row.hidden = false;
    await this.#copy();
    await this.#load();
  }

  async #copy() {
    const isCopied = await copy(this.#field.value);
    if (!isCopied) this.#field.focus(); // which selects it
    setText('link-note', say(isCopied ? 'linkCopied' : 'linkPress'));
  }

  /** @param {Link} link */
  async #revoke({ id }) {
    await this.#api.revoke(id);
    this.#row.hidden = true; // it may be this one
    await this.#load();
    setText('link-note', say('revoked'));
    byId('link-right', HTMLElement).focus(); // the button that had the focus is gone
  }

  /** @param {Link} link */
  #item(link) {
    const row = document.createElement('li');
    const text = document.createElement('p');
    const about = document.createElement('span');
    about.className = 'quiet';
    about.textContent = aboutLink(link, Date.now());
    text.append(rightOf(link), about);
    const button = this.#button('revoke', () => this.#ask(link, row));
    button.ariaLabel = say('revokeOf', { link: `${rightOf(link)}, ${about.textContent}` });
    row.append(text, button);
    return row;
  }

  /** Ask before a link is revoked, in its place. @param {Link} link @param {HTMLElement} row */
  #ask(link, row) {
    const question = document.createElement('p');
    question.className = 'question';
    question.textContent = say('revokeQuestion');
    const revoke = this.#button('revokeNow', () => this.#try(() => this.#revoke(link)));
    revoke.className = 'danger';
    const cancel = this.#button('cancel', () => {
      const again = this.#item(link);
      row.replaceWith(again);
      again.querySelector('button')?.focus();
    });
    row.querySelector('button')?.replaceWith(question, cancel, revoke);
    cancel.focus();
    this.#announce(say('revokeQuestion'));
  }

  /** @param {import('../text/say.js').SentenceName} label @param {() => void} action */
  #button(label, action) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = say(label);
    button.onclick = action;
    return button;
  }

  /** @param {() => Promise<void>} action */
  async #try(action) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await action();
    } catch (problem) {
      setText('link-note', sentenceOf(problem));
    }
    this.#isBusy = false;
  }
}
