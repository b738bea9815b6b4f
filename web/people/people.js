// The people in the document: their faces in the header, and a list with their lines ("Bo, typing,
// line 14") in which a click goes to where they are.

import { say } from '../text/say.js';
import { byId, set, setText } from '../ui/dom.js';
import { listed } from '../ui/phrases.js';
import { FaceStack, newFace, showFace } from './faces.js';
import { JoinLeave } from './join_leave.js';
import { Places } from './places.js';

/** @typedef {import('../replica/protocol.js').Person} Person */
/** @typedef {{client: string, name: string, color: string, moves: number} & import('./places.js').Place} Other */
/**
 * @typedef {{goTo: (client: string) => void, changed: () => void, joined: (sentence: string) => void,
 *   announce: (sentence: string) => void}} PeopleListener changed: someone joined, left or moved,
 *   throttled; joined: someone is here, in words
 */

const SHOW_EVERY_MS = 30;
const TYPING_MS = 2000;

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
  #faces = new FaceStack();

  /** @param {PeopleListener} listener @param {import('../replica/connection.js').Clock} clock */
  constructor(listener, clock) {
    this.#listener = listener;
    this.#clock = clock;
    this.#joinLeave = new JoinLeave(
      { announce: (sentence) => listener.announce(sentence), joined: listener.joined },
      clock,
    );
    this.#showAll();
  }

  get areOthersHere() {
    return this.#others.size > 0;
  }

  get others() {
    return [...this.#others.values()];
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
    const names = clients.map((client) => this.#others.get(client)?.name ?? say('someone'));
    return listed(names.length > 0 ? names : [say('someone')]);
  }

  /** @param {readonly {client: string, line: number}[]} lines of the people whose position is known */
  show(lines) {
    this.#lines = new Map(lines.map(({ client, line }) => [client, line]));
    for (const [client, item] of this.#items) {
      if (this.#others.has(client)) continue;
      item.remove();
      this.#items.delete(client);
    }
    this.#showAll();
  }

  /** The first other person with this name, if there is one. @param {string | undefined} name */
  named(name) {
    return [...this.#others.values()].find((person) => person.name === name);
  }

  #showAll() {
    for (const person of this.#others.values()) this.#showPerson(person);
    setText('people-heading', say('peopleHere', { count: this.#others.size + 1 }));
    this.#faces.show(
      [...this.#others.values()].map(({ client, name, color }) => {
        return { name, color, isTyping: this.#typing.has(client) };
      }),
    );
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
    const item = this.#items.get(client) ?? this.#newItem(client, { name, color });
    const line = this.#lines.get(client);
    const isTyping = this.#typing.has(client);
    const place = placeOf(line, isTyping);
    const [face, button] = [item.querySelector('.face'), item.querySelector('button')];
    if (face instanceof HTMLElement) {
      showFace(face, { name, color });
      face.classList.toggle('typing', isTyping);
    }
    set(item.querySelector('.name'), 'textContent', name);
    set(item.querySelector('.place'), 'textContent', place);
    set(button, 'ariaLabel', place ? `${name}, ${place}` : name);
    set(button, 'title', line === undefined ? '' : say('jumpTo', { name, line }));
  }

  /** @param {string} client @param {import('./faces.js').Face} face */
  #newItem(client, face) {
    const item = document.createElement('li');
    item.className = 'person';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'bare';
    button.append(newFace(face), part('name'), ' ', part('place quiet'));
    button.onclick = () => {
      byId('people-panel', HTMLElement).hidePopover();
      this.#listener.goTo(client);
    };
    item.append(button);
    this.#items.set(client, item);
    this.#list.append(item);
    return item;
  }
}

/** @param {number | undefined} line @param {boolean} isTyping */
function placeOf(line, isTyping) {
  if (line === undefined) return isTyping ? say('typing') : '';
  return say(isTyping ? 'typingOnLine' : 'onLine', { line });
}

/** @param {string} kind */
function part(kind) {
  const span = document.createElement('span');
  span.className = kind;
  return span;
}
