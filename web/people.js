// Who is here: names, colours and where they are ("Bo, line 14"); and the user's own name.
// Positions are code points of the text the page has in common with the server, or close to it:
// a line number may be wrong for a moment, never a text.

import { byId } from './dom.js';
import { mapPosition } from './splices.js';

/** @typedef {import('./protocol.js').Person} Person */
/**
 * @typedef {{renamed: (name: string) => void, goTo: (position: number) => void,
 *   said: (sentence: string) => void, lineOf: (position: number) => number}} PeopleListener
 */

const NAME_MOST = 64;

export class People {
  /** @type {Map<string, Person>} */
  #others = new Map();
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map();
  #listener;
  #list = byId('people', HTMLUListElement);
  #self = byId('rename', HTMLButtonElement);
  #field = byId('name', HTMLInputElement);

  /** @param {string} name @param {PeopleListener} listener */
  constructor(name, listener) {
    this.#listener = listener;
    this.#field.maxLength = NAME_MOST;
    this.#showSelf(name);
    this.#self.onclick = () => this.#startRenaming();
    this.#field.onblur = () => this.#rename(this.#field.value);
    this.#field.onkeydown = (event) => this.#onKey(event);
  }

  get areOthersHere() {
    return this.#others.size > 0;
  }

  /** @param {Person[]} people @param {string} own the own client */
  reset(people, own) {
    this.#others = new Map(people.filter(({ client }) => client !== own).map((p) => [p.client, p]));
    this.show();
  }

  /** @param {import('./protocol.js').PersonMoved} message */
  moved(message) {
    const { client } = message;
    const known = this.#others.get(client);
    if (message.left) {
      this.#others.delete(client);
      if (known) this.#listener.said(`${known.name} left.`);
    } else {
      this.#others.set(client, { ...known, ...message });
      if (!known) this.#listener.said(`${message.name} is here.`);
    }
    this.show();
  }

  /** The text changed under everybody's carets. @param {readonly import('./splices.js').Splice[]} splices */
  shift(splices) {
    for (const person of this.#others.values()) {
      if (person.head !== undefined) person.head = mapPosition(splices, person.head);
    }
  }

  show() {
    for (const [client, item] of this.#items) {
      if (this.#others.has(client)) continue;
      item.remove();
      this.#items.delete(client);
    }
    for (const person of this.#others.values()) this.#showPerson(person);
  }

  /** @param {Person} person */
  #showPerson(person) {
    const item = this.#items.get(person.client) ?? this.#newItem(person.client);
    const [dot, text] = item.querySelectorAll('span');
    if (dot) dot.style.backgroundColor = person.color;
    const place = person.head === undefined ? '' : `, line ${this.#listener.lineOf(person.head)}`;
    const label = person.name + place;
    if (text && text.textContent !== label) text.textContent = label;
    item.title = place ? `Go to ${person.name}` : '';
  }

  /** @param {string} client */
  #newItem(client) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'person';
    const dot = document.createElement('span');
    dot.className = 'dot';
    button.append(dot, document.createElement('span'));
    button.onclick = () => this.#goTo(client);
    item.append(button);
    this.#items.set(client, item);
    this.#list.append(item);
    return item;
  }

  /** @param {string} client */
  #goTo(client) {
    const head = this.#others.get(client)?.head;
    if (head !== undefined) this.#listener.goTo(head);
  }

  // The own name

  /** @param {string} name */
  #showSelf(name) {
    this.#field.value = name;
    byId('own-name', HTMLElement).textContent = name;
  }

  #startRenaming() {
    this.#self.hidden = true;
    this.#field.hidden = false;
    this.#field.focus();
    this.#field.select();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    event.preventDefault();
    if (event.key === 'Escape') this.#field.value = ''; // an empty name changes nothing
    this.#field.blur();
    this.#self.focus();
  }

  /** @param {string} typed */
  #rename(typed) {
    const name = typed.trim().replace(/\s+/g, ' ');
    const before = byId('own-name', HTMLElement).textContent ?? '';
    this.#field.hidden = true;
    this.#self.hidden = false;
    this.#showSelf(name || before);
    if (name && name !== before) this.#listener.renamed(name);
  }
}
