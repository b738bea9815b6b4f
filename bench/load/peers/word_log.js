/** A log of the words of a load; the twin of bench/load/word_log.py. Times are in ms. */

export const now = () => performance.now();

export class WordLog {
  /** When the measurement began. */
  began = Infinity;
  /** @type {[number, number][]} the moment in s, the latency in ms */
  answers = [];
  /** @type {number[]} */
  visible = [];
  /** @type {string[]} */
  answered = [];
  #others;
  #warmUp;
  #counts = new Map();
  #unseen = new Map();

  /**
   * @param {number} others the number of clients that see a word, besides its author
   * @param {number} warmUp the number of words that do not count
   */
  constructor(others, warmUp) {
    this.#others = others;
    this.#warmUp = warmUp;
    if (warmUp === 0) this.began = now();
  }

  newWord(author, due) {
    const count = (this.#counts.get(author) ?? 0) + 1;
    this.#counts.set(author, count);
    const word = `${letters(author)}${count}`;
    if (this.#others) {
      this.#unseen.set(word, { author, due, counts: now() >= this.began, seenBy: new Set() });
    }
    return word;
  }

  /** Record an answer; return whether it ended the warm-up. */
  recordAnswer(word, due) {
    const moment = now();
    this.answered.push(word);
    if (moment >= this.began) {
      this.answers.push([(moment - this.began) / 1000, moment - due]);
    } else if (this.answered.length === this.#warmUp) {
      this.began = moment;
      return true;
    }
    return false;
  }

  /** Record that a client received a text. */
  recordShown(reader, inserted) {
    for (const word of inserted.split(/\s+/)) {
      const typed = this.#unseen.get(word);
      if (!typed || typed.author === reader || typed.seenBy.has(reader)) continue;
      typed.seenBy.add(reader);
      if (typed.counts) this.visible.push(now() - typed.due);
      if (typed.seenBy.size === this.#others) this.#unseen.delete(word);
    }
  }

  get unseen() {
    let missed = 0;
    for (const typed of this.#unseen.values()) missed += this.#others - typed.seenBy.size;
    return missed;
  }
}

function letters(number) {
  const higher = Math.floor(number / 26);
  return (higher ? letters(higher) : '') + String.fromCharCode(97 + (number % 26));
}
