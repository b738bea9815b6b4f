// Announces who joined and left, in groups: at least ten seconds lie between two sentences, and
// whoever returns within that time never left. The clock is injected.

import { say } from '../text/say.js';
import { listed } from '../ui/phrases.js';

const EVERY_MS = 10_000;
// People often join together.
const GATHER_MS = 1000;
const NAMED_MAX = 3;

export class JoinLeave {
  #listener;
  #clock;
  /** @type {ReadonlyMap<string, {name: string}>} by client */
  #here = new Map();
  /** @type {Map<string, string>} names by client: who is here according to the announcements */
  #announced = new Map();
  /** @type {Map<string, number>} since when that is wrong about a client */
  #sinceMs = new Map();
  #announcedMs = Number.NEGATIVE_INFINITY;
  /** When the people who were here before the user were seen. @type {number | null} */
  #arrivedMs = null;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {{announce: (sentence: string) => void, joined: (sentence: string) => void}} listener joined:
   *   someone who was not here before, in words
   * @param {import('../replica/connection.js').Clock} clock
   */
  constructor(listener, clock) {
    this.#listener = listener;
    this.#clock = clock;
  }

  /** @param {ReadonlyMap<string, {name: string}>} people the people here now, by client */
  update(people) {
    const nowMs = this.#clock.now();
    this.#here = new Map(people);
    this.#arrivedMs ??= nowMs;
    for (const [client, { name }] of people) {
      if (!this.#announced.has(client)) this.#replaceGone(name, client);
      if (this.#announced.has(client)) this.#announced.set(client, name);
    }
    for (const client of new Set([...this.#announced.keys(), ...people.keys()])) {
      if (this.#announced.has(client) === people.has(client)) this.#sinceMs.delete(client);
      else if (!this.#sinceMs.has(client)) this.#sinceMs.set(client, nowMs);
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
    const [here, joined, left] = [[], [], []].map((it) => /** @type {string[]} */ (it));
    for (const client of [...this.#sinceMs.keys()]) {
      const name = this.#here.get(client)?.name;
      if (name === undefined && this.#dueMs(client) > nowMs) continue; // they may return
      const group = this.#sinceMs.get(client) === this.#arrivedMs ? here : joined;
      this.#sinceMs.delete(client);
      if (name !== undefined) {
        group.push(name);
        this.#announced.set(client, name);
      } else {
        left.push(this.#announced.get(client) ?? '');
        this.#announced.delete(client);
      }
    }
    const sentences = [];
    if (here.length > 0)
      sentences.push(say('areHere', { names: shortList(here), count: here.length }));
    if (joined.length > 0) sentences.push(say('joined', { names: shortList(joined) }));
    if (left.length > 0) sentences.push(say('left', { names: shortList(left) }));
    if (sentences.length > 0) {
      this.#announcedMs = nowMs;
      this.#listener.announce(sentences.join(' '));
    }
    if (here.length + joined.length > 0) this.#listener.joined(sentences[0] ?? '');
    this.#wait();
  }
}

/** "Ann, Bo, Cy and 2 others". @param {string[]} names */
function shortList(names) {
  const more = names.length - NAMED_MAX;
  return listed(more > 1 ? [...names.slice(0, NAMED_MAX), say('others', { count: more })] : names);
}
