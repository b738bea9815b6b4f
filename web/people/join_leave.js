// Who came and who left, said now and then and never one by one: ten seconds at least lie between
// two sentences, and whoever is back within that time never left. The clock comes from outside.

import { listed } from '../ui/phrases.js';

const EVERY_MS = 10_000;
// Whoever opens a page often does so with others.
const GATHER_MS = 1000;
const NAMED_MOST = 3;

export class JoinLeave {
  #say;
  #clock;
  /** @type {ReadonlyMap<string, {name: string}>} by client */
  #here = new Map();
  /** @type {Map<string, string>} names by client: who is here as far as was said */
  #said = new Map();
  /** @type {Map<string, number>} since when that is not true of a client */
  #sinceMs = new Map();
  #saidMs = Number.NEGATIVE_INFINITY;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {(sentence: string) => void} say
   * @param {import('../replica/connection.js').Clock} clock
   */
  constructor(say, clock) {
    this.#say = say;
    this.#clock = clock;
  }

  /** @param {ReadonlyMap<string, {name: string}>} people who is here now, by client */
  here(people) {
    this.#here = new Map(people);
    for (const [client, { name }] of people) {
      if (!this.#said.has(client)) this.#replaceGone(name, client);
      if (this.#said.has(client)) this.#said.set(client, name);
    }
    for (const client of new Set([...this.#said.keys(), ...people.keys()])) {
      if (this.#said.has(client) === people.has(client)) this.#sinceMs.delete(client);
      else if (!this.#sinceMs.has(client)) this.#sinceMs.set(client, this.#clock.now());
    }
    for (const client of this.#sinceMs.keys()) {
      if (!this.#said.has(client) && !people.has(client)) this.#sinceMs.delete(client);
    }
    this.#wait();
  }

  /** Somebody who comes back as another client. @param {string} name @param {string} client */
  #replaceGone(name, client) {
    for (const [gone, itsName] of this.#said) {
      if (itsName !== name || this.#here.has(gone)) continue;
      this.#said.delete(gone);
      this.#sinceMs.delete(gone);
      this.#said.set(client, name);
      return;
    }
  }

  #wait() {
    this.#clock.cancel(this.#timer);
    if (this.#sinceMs.size === 0) return;
    const firstMs = Math.min(...[...this.#sinceMs.keys()].map((client) => this.#dueMs(client)));
    const dueMs = Math.max(firstMs, this.#saidMs + EVERY_MS);
    this.#timer = this.#clock.after(() => this.#tell(), Math.max(0, dueMs - this.#clock.now()));
  }

  /** @param {string} client */
  #dueMs(client) {
    const waitMs = this.#here.has(client) ? GATHER_MS : EVERY_MS;
    return (this.#sinceMs.get(client) ?? 0) + waitMs;
  }

  #tell() {
    const nowMs = this.#clock.now();
    const [came, left] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])];
    for (const client of [...this.#sinceMs.keys()]) {
      const name = this.#here.get(client)?.name;
      if (name === undefined && this.#dueMs(client) > nowMs) continue; // who may come back
      this.#sinceMs.delete(client);
      if (name !== undefined) {
        came.push(name);
        this.#said.set(client, name);
      } else {
        left.push(this.#said.get(client) ?? '');
        this.#said.delete(client);
      }
    }
    const sentences = [];
    if (came.length > 0) sentences.push(`${some(came)} joined.`);
    if (left.length > 0) sentences.push(`${some(left)} left.`);
    if (sentences.length > 0) {
      this.#saidMs = nowMs;
      this.#say(sentences.join(' '));
    }
    this.#wait();
  }
}

/** All of a few, some of many. @param {string[]} names */
function some(names) {
  const more = names.length - NAMED_MOST;
  return listed(more > 1 ? [...names.slice(0, NAMED_MOST), `${more} others`] : names);
}
