// The user's own name: in the header, the list of people and the menu, with a dialog that changes
// it. Guests are asked for it once, in a row below the text, when they are not alone. Who is signed in
// has the name of the account.

import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';
import { hasSeen, markSeen } from '../ui/storage.js';
import { showFace } from './faces.js';

/** @typedef {{renamed: (name: string) => void, focusEditor: () => void, announce: (sentence: string) => void}} OwnNameListener */

const GUEST = /^Guest \d+$/;

export class OwnName {
  #listener;
  #name;
  /** The account's. @type {string | null} */
  #given = null;
  /** @type {string | undefined} */
  #color;
  #dialog = byId('own-name-dialog', HTMLDialogElement);
  #field = byId('name', HTMLInputElement);
  #question = byId('ask-name', HTMLFormElement);
  #answer = byId('ask-name-field', HTMLInputElement);

  /** @param {string} name @param {OwnNameListener} listener */
  constructor(name, listener) {
    this.#name = name;
    this.#listener = listener;
    for (const id of ['rename', 'menu-name']) {
      byId(id, HTMLButtonElement).onclick = () => this.#edit();
    }
    byId('own-name-form', HTMLFormElement).onsubmit = () => this.#rename(this.#field.value);
    byId('cancel-name', HTMLButtonElement).onclick = () => this.#dialog.close();
    this.#dialog.onclose = () => listener.focusEditor();
    this.#question.onsubmit = (event) => {
      event.preventDefault();
      this.#rename(this.#answer.value);
      this.#dismiss();
    };
    byId('ask-name-dismiss', HTMLButtonElement).onclick = () => this.#dismiss();
    this.#show();
  }

  get name() {
    return this.#given ?? this.#name;
  }

  /** The user as others see them. */
  get face() {
    return { name: this.name, color: this.#color };
  }

  /** Show what the server has assigned. @param {string | undefined} color @param {string | null} name the account's */
  welcomed(color, name) {
    this.#color = color;
    this.#given = name;
    if (name !== null) this.#question.hidden = true;
    for (const id of ['rename', 'menu-name']) byId(id, HTMLElement).hidden = name !== null;
    byId('signed-in', HTMLElement).hidden = name === null;
    setText('account-name', name ?? '');
    this.#show();
  }

  /** Ask a guest for their name, once in a browser. @param {string} sentence who else is here */
  ask(sentence) {
    const { name } = this;
    if (this.#given !== null || !GUEST.test(name) || hasSeen('name')) return;
    markSeen('name');
    setText('ask-name-text', `${sentence} ${say('appearAs', { name })}`);
    this.#question.hidden = false;
    this.#listener.announce(say('askName', { name }));
  }

  #show() {
    const { name } = this;
    setText('own-name', say('you', { name }));
    setText('menu-own-name', name);
    const menu = byId('me', HTMLButtonElement);
    menu.ariaLabel = say('menuOf', { name });
    menu.title = menu.ariaLabel;
    for (const id of ['own-face', 'own-face-listed']) showFace(byId(id, HTMLElement), this.face);
  }

  #edit() {
    for (const id of ['menu', 'people-panel']) byId(id, HTMLElement).hidePopover();
    this.#field.value = this.#name;
    this.#dialog.showModal();
    this.#field.select();
  }

  #dismiss() {
    const hadFocus = this.#question.contains(document.activeElement);
    this.#question.hidden = true;
    if (hadFocus) this.#listener.focusEditor();
  }

  /** @param {string} typed */
  #rename(typed) {
    const name = typed.trim().replace(/\s+/g, ' ');
    if (!name || name === this.#name) return;
    this.#name = name;
    this.#question.hidden = true;
    this.#show();
    this.#listener.announce(say('appearAs', { name }));
    this.#listener.renamed(name);
  }
}
