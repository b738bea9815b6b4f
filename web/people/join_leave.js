// Announces who joined and left, in groups: at least ten seconds lie between two sentences, and
// whoever returns within that time never left. The clock is injected.

import { listed } from '../ui/phrases.js';

const EVERY_MS = 10_000;
// People often join together.
const GATHER_MS = 1000;
const NAMED_MAX = 3;

export class JoinLeave {
  #announce;
  #clock;
  /** @type {ReadonlyMap<string, {name: string}>} by client */
  #here = new Map();
  /** @type {Map<string, string>} names by client: who is here according to the announcements */
  #announced = new Map();
  /** @type {Map<string, number>} since when that is wrong about a client */
  #sinceMs = new Map();
  #announcedMs = Number.NEGATIVE_INFINITY;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {(sentence: string) => void} announce
   * @param {import('../replica/connection.js').Clock} clock
   */
  constructor(announce, clock) {
    this.#announce = announce;
    this.#clock = clock;
  }

  /** @param {ReadonlyMap<string, {name: string}>} people the people here now, by client */
  update(people) {
    this.#here = new Map(people);
    for (const [client, { name }] of people) {
      if (!this.#announced.has(client)) this.#replaceGone(name, client);
      if (this.#announced.has(client)) this.#announced.set(client, name);
    }
    for (const client of new Set([...this.#announced.keys(), ...people.keys()])) {
      if (this.#announced.has(client) === people.has(client)) this.#sinceMs.delete(client);
      else if (!this.#sinceMs.has(client)) this.#sinceMs.set(client, this.#clock.now());
    }
    for (const client of this.#sinceMs.keys()) {
      if (!this.#announced.has(client) && !people.has(client)) this.#sinceMs.delete(client);
    }
    this.#wait();
  }

  /** Treat a new client as one with the same name that is gone. @param {string} name @param {string} client */
  #replaceGone(name, client) {
    for (const [gone, itsName] of this.#announced) {
      if (itsName !== name || this.#here.has(gone)) continue;
      this.#announced.delete(gone);
      this.#sinceMs.delete(gone);
      this.#announced.set(client, name);
      return;
    }
  }

  #wait() {
    this.#clock.cancel(this.#timer);
    if (this.#sinceMs.size === 0) return;
    const firstMs = Math.min(...[...this.#sinceMs.keys()].map((client) => this.#dueMs(client)));
    const dueMs = Math.max(firstMs, this.#announcedMs + EVERY_MS);
    this.#timer = this.#clock.after(() => this.#tell(), Math.max(0, dueMs - this.#clock.now()));
  }

  /** @param {string} client */
  #dueMs(client) {
    const waitMs = this.#here.has(client) ? GATHER_MS : EVERY_MS;
    return (this.#sinceMs.get(client) ?? 0) + waitMs;
  }

  #tell() {
    const nowMs = this.#clock.now();
    const [joined, left] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])];
    for (const client of [...this.#sinceMs.keys()]) {
      const name = this.#here.get(client)?.name;
      if (name === undefined && this.#dueMs(client) > nowMs) continue; // they may return
      this.#sinceMs.delete(client);
      if (name !== undefined) {
        joined.push(name);
        this.#announced.set(client, name);
      } else {
        left.push(this.#announced.get(client) ?? '');
        this.#announced.delete(client);
      }
    }
    const sentences = [];
    if (joined.length > 0) sentences.push(`${shortList(joined)} joined.`);
    if (left.length > 0) sentences.push(`${shortList(left)} left.`);
    if (sentences.length > 0) {
      this.#announcedMs = nowMs;
      this.#announce(sentences.join(' '));
    }
    this.#wait();
  }
}

/** "Ann, Bo, Cy and 2 others". @param {string[]} names */
function shortList(names) {
  const more = names.length - NAMED_MAX;
  return listed(more > 1 ? [...names.slice(0, NAMED_MAX), `${more} others`] : names);
}
