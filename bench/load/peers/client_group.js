/** All clients of one load, and the pace of their typing; the twin of bench/load/client_group.py. */

import { setTimeout as sleep } from 'node:timers/promises';
import { now, WordLog } from './word_log.js';

const JOINING_MAX = 20; // at a time
const SETTLE_MS = 60_000;
const LOOK_EVERY_MS = 20;

export class ClientGroup {
  #load;
  #Client;
  #begun;
  #ended;
  #documents = [];
  #words;
  #random;
  #total;
  #typed = 0;
  #done = Promise.withResolvers();
  #late = [0];
  #cpu = process.cpuUsage();

  /**
   * @param {object} load see bench/load/task.py
   * @param {Function} Client the class of the clients
   * @param {{begun: () => void, ended: () => void}} on called when the warm-up is over, and when the
   *   last word is answered
   */
  constructor(load, Client, { begun, ended }) {
    this.#load = load;
    this.#Client = Client;
    this.#begun = begun;
    this.#ended = ended;
    this.#random = randomOf(load.seed);
    this.#total = load.warm_up + load.edits;
    this.#words = new WordLog(this.#size - 1, load.warm_up);
  }

  /** Connect all clients; the first of each document inserts the text. */
  async connect() {
    const numbers = Array.from({ length: this.#load.documents }, (_, number) => number);
    const join = async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        await this.#connectTo(number);
      }
    };
    await Promise.all(Array.from({ length: JOINING_MAX }, join));
  }

  /** Type all words, and check that every client has them. */
  async run() {
    if (this.#total === 0) this.#done.resolve();
    if (this.#load.warm_up === 0) this.#begin();
    await this.#type();
    const cpu = process.cpuUsage(this.#cpu);
    this.#ended();
    if (!this.#load.kill) await this.#settle();
    const { answers, visible, unseen, answered, began } = this.#words;
    return {
      type: 'outcome',
      edits: answers.length,
      began: (began - now()) / 1000 + Number(process.hrtime.bigint()) / 1e9,
      seconds: answers.at(-1)?.[0] ?? 0,
      answers,
      visible,
      unseen,
      conflicts: 0,
      late_ms: this.#late.sort((a, b) => a - b)[Math.floor(0.99 * this.#late.length)],
      cpu_s: (cpu.user + cpu.system) / 1e6,
      words: answered,
    };
  }

  /** Type no further word. */
  stop() {
    this.#done.resolve();
  }

  disconnect() {
    for (const { client } of this.#people()) client.close();
  }

  get #size() {
    return this.#load.writers + this.#load.readers;
  }

  #people() {
    return this.#documents.flat();
  }

  async #connectTo(number) {
    const people = [];
    this.#documents[number] = people;
    for (let index = 0; index < this.#size; index++) {
      const client = new this.#Client(this.#load.server, `doc-${number}`);
      await client.joined;
      if (index === 0 && this.#load.text && client.text === '') {
        const answered = Promise.withResolvers();
        client.onAnswered = answered.resolve;
        client.insert(0, this.#load.text);
        await answered.promise;
      } else {
        await until(() => client.length >= this.#load.text.length);
      }
      const person = { client, number: number * this.#size + index, waiting: null, delayed: [] };
      people.push(person);
    }
    // Only now: the initial texts contain no words of the log.
    for (const person of people) {
      person.client.onInserted = (inserted) => this.#words.recordShown(person.number, inserted);
      person.client.onAnswered = () => this.#answer(person);
    }
  }

  // --- typing

  async #type() {
    const writers = this.#documents.flatMap((people) => people.slice(0, this.#load.writers));
    shuffle(writers, this.#random);
    if (this.#load.per_s) await this.#typeInPace(writers);
    else for (const writer of writers) this.#typeWord(writer, now());
    await this.#done.promise;
    this.#total = this.#typed;
    await until(() => this.#words.answered.length >= this.#total);
  }

  async #typeInPace(writers) {
    const start = now();
    for (let number = 0; number < this.#total; number++) {
      const due = start + (1000 * number) / this.#load.per_s;
      while (now() < due) await sleep(Math.max(due - now(), 0));
      const moment = now();
      this.#late.push(moment - due);
      const writer = writers[number % writers.length];
      if (writer.waiting) writer.delayed.push(moment);
      else this.#typeWord(writer, moment);
      if (moment - this.#words.began > 1000 * this.#load.seconds) return;
    }
  }

  #typeWord(writer, due) {
    if (this.#typed >= this.#total) return;
    this.#typed++;
    const word = this.#words.newWord(writer.number, due);
    writer.waiting = { word, due };
    const { client } = writer;
    const place = client.blankFrom(Math.floor(this.#random() * Math.max(client.length - 80, 1)));
    client.insert(place, ` ${word}`);
  }

  #answer(writer) {
    if (!writer.waiting) return;
    const { word, due } = writer.waiting;
    writer.waiting = null;
    if (this.#words.recordAnswer(word, due)) this.#begin();
    if (this.#words.answered.length >= this.#total) {
      if (this.#load.kill) process.kill(this.#load.kill, 'SIGKILL');
      this.#done.resolve();
    } else if (!this.#load.per_s) {
      this.#typeWord(writer, now());
    } else if (writer.delayed.length) {
      this.#typeWord(writer, writer.delayed.shift());
    }
  }

  #begin() {
    this.#cpu = process.cpuUsage();
    setTimeout(this.#done.resolve, 1000 * this.#load.seconds).unref();
    this.#begun();
  }

  // --- afterwards

  async #settle() {
    const found = new Map();
    for (const people of this.#documents) {
      const texts = () => new Set(people.map(({ client }) => client.text));
      await until(() => texts().size === 1 && this.#words.unseen === 0);
      for (const word of people[0].client.text.split(/\s+/)) {
        found.set(word, (found.get(word) ?? 0) + 1);
      }
    }
    const wrong = this.#words.answered.filter((word) => found.get(word) !== 1);
    if (wrong.length) throw new Error(`${wrong.length} words are not there exactly once, such as ${wrong[0]}`);
  }
}

async function until(isSo) {
  const deadline = now() + SETTLE_MS;
  while (!isSo()) {
    if (now() > deadline) throw new Error('not every client had the same text in time');
    await sleep(LOOK_EVERY_MS);
  }
}

/** A seeded generator of numbers from 0 to 1 (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(items, random) {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}
