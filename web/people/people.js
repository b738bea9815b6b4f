// The list of people in the document, with their colours and lines ("Bo, line 14"), and the user's
// own name.

import { byId } from '../ui/dom.js';
import { listed } from '../ui/phrases.js';
import { legible } from './colors.js';
import { JoinLeave } from './join_leave.js';
import { Places } from './places.js';

/** @typedef {import('../replica/protocol.js').Person} Person */
/** @typedef {{client: string, name: string, color: string, moves: number} & import('./places.js').Place} Other */
/**
 * @typedef {{renamed: (name: string) => void, goTo: (client: string) => void,
 *   changed: () => void, announce: (sentence: string) => void}} PeopleListener changed: someone
 *   joined, left or moved; throttled
 */

const NAME_MAX = 64;
const SHOW_EVERY_MS = 30;
const TYPING_MS = 2000;
// With more people than this there is no room for their lines.
const MANY = 6;

export class People {
  /** @type {Map<string, Person>} */
  #others = new Map();
  #places = new Places();
  /** @type {Map<string, number>} how many times each has moved */
  #moves = new Map();
  /** @type {Map<string, number>} the lines they are on, where known */
  #lines = new Map();
  /** @type {Map<string, unknown>} timers of the people who are typing */
  #typing = new Map();
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map();
  #listener;
  #clock;
  #joinLeave;
  #isDue = false;
  #list = byId('people', HTMLUListElement);
  #self = byId('rename', HTMLButtonElement);
  #field = byId('name', HTMLInputElement);

  /**
   * @param {string} name
   * @param {PeopleListener} listener
   * @param {import('../replica/connection.js').Clock} clock
   */
  constructor(name, listener, clock) {
    this.#listener = listener;
    this.#clock = clock;
    this.#joinLeave = new JoinLeave((sentence) => listener.announce(sentence), clock);
    this.#field.maxLength = NAME_MAX;
    this.#showSelf(name);
    this.#self.onclick = () => this.#startRenaming();
    this.#field.onblur = () => this.#rename(this.#field.value);
    this.#field.onkeydown = (event) => this.#onKey(event);
  }

  get areOthersHere() {
    return this.#others.size > 0;
  }

  /** The positions of the others, in code points of the known text. @returns {Other[]} */
  get places() {
    return [...this.#others.values()].flatMap(({ client, name, color }) => {
      const place = this.#places.of(client);
      return place ? [{ client, name, color, moves: this.#moves.get(client) ?? 0, ...place }] : [];
    });
  }

  /** @param {Person[]} people @param {string} own this page's client */
  reset(people, own) {
    const others = people.filter(({ client }) => client !== own);
    const clients = new Set(others.map(({ client }) => client));
    for (const client of this.#others.keys()) if (!clients.has(client)) this.#forget(client);
    this.#others = new Map(others.map((person) => [person.client, person]));
    for (const person of others) this.#place(person);
    this.#changed();
  }

  /** @param {import('../replica/protocol.js').PersonMoved} message */
  moved(message) {
    const { client } = message;
    if (message.left) {
      this.#forget(client);
    } else {
      this.#others.set(client, { ...this.#others.get(client), ...message });
      this.#place(message);
    }
    this.#changed();
  }

  /**
   * Set the text that the server and this page know, before reading `places`.
   *
   * @param {string | null} commit
   * @param {string} text
   */
  known(commit, text) {
    this.#places.known(commit ?? '', text);
  }

  /** Edits of these clients have arrived. @param {readonly string[]} clients */
  typed(clients) {
    for (const client of clients) {
      if (!this.#others.has(client)) continue;
      this.#clock.cancel(this.#typing.get(client));
      this.#typing.set(
        client,
        this.#clock.after(() => this.#stopTyping(client), TYPING_MS),
      );
    }
    this.#changed();
  }

  /** "Ann and Bo". @param {readonly string[]} clients */
  namesOf(clients) {
    const names = clients.map((client) => this.#others.get(client)?.name ?? 'Someone');
    return listed(names.length > 0 ? names : ['Someone']);
  }

  /** @param {readonly {client: string, line: number}[]} lines of the people whose position is known */
  show(lines) {
    this.#lines = new Map(lines.map(({ client, line }) => [client, line]));
    for (const [client, item] of this.#items) {
      if (this.#others.has(client)) continue;
      item.remove();
      this.#items.delete(client);
    }
    for (const person of this.#others.values()) this.#showPerson(person);
    this.#list.classList.toggle('many', this.#others.size > MANY);
  }

  /** @param {Person} person */
  #place({ client, base, anchor, head }) {
    if (base === undefined || anchor === undefined || head === undefined) return;
    this.#places.moved(client, { base, anchor, head });
    this.#moves.set(client, (this.#moves.get(client) ?? 0) + 1);
  }

  /** @param {string} client */
  #forget(client) {
    this.#others.delete(client);
    this.#places.left(client);
    this.#moves.delete(client);
    this.#clock.cancel(this.#typing.get(client));
    this.#typing.delete(client);
  }

  /** @param {string} client */
  #stopTyping(client) {
    this.#typing.delete(client);
    this.#changed();
  }

  #changed() {
    this.#joinLeave.update(this.#others);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.after(() => {
      this.#isDue = false;
      this.#listener.changed();
    }, SHOW_EVERY_MS);
  }

  /** @param {Person} person */
  #showPerson({ client, name, color }) {
    const item = this.#items.get(client) ?? this.#newItem(client);
    const line = this.#lines.get(client);
    item.style.setProperty('--person', legible(color));
    item.classList.toggle('typing', this.#typing.has(client));
    const [place, jump] =
      line === undefined ? ['', ''] : [`, line ${line}`, `Jump to ${name} (line ${line})`];
    write(item.querySelector('.name'), name);
    write(item.querySelector('.place'), place);
    const button = item.querySelector('button');
    if (!button) return;
    button.ariaLabel = name + place; // the place is not always visible
    button.title = `${this.#typing.has(client) ? `${name} is typing. ` : ''}${jump}`;
  }

  /** @param {string} client */
  #newItem(client) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'person';
    const label = part('label');
    label.append(part('name'), part('place'));
    button.append(part('dot'), label);
    button.onclick = () => this.#listener.goTo(client);
    item.append(button);
    this.#items.set(client, item);
    this.#list.append(item);
    return item;
  }

  // The user's own name

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

/** @param {string} kind */
function part(kind) {
  const span = document.createElement('span');
  span.className = kind;
  return span;
}

/** @param {Element | null} element @param {string} text */
function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
