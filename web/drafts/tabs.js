// The tabs of this browser that have a document open: which of them live, and that no two of them
// are one client (a duplicated tab copies what its page left behind).
//
//   claim {client, page} ──> mine {client, to}        the client has a living tab
//   who   {page}         ──> here {ids, to}           what a living tab goes by
//
// A tab that sleeps does not answer. So silence proves little: see `keeper`, and look into the list
// of people.

/** @typedef {{kind: 'claim', client: string, page: string} | {kind: 'who', page: string}
 *   | {kind: 'mine', client: string, to: string} | {kind: 'here', ids: string[], to: string}} Word */
/**
 * @typedef {{postMessage: (word: Word) => void,
 *   onmessage: ((event: {data: Word}) => void) | null}} Channel
 */

const ANSWER_MOST_MS = 150;

export class Tabs {
  #page;
  #channel;
  #clock;
  #listener;
  /** @type {{client: string, end: (isMine: boolean) => void} | null} */
  #claim = null;
  /** @type {Set<string>} */
  #heard = new Set();

  /**
   * @param {string} page an id of this page's own
   * @param {Channel | null} channel of the document; null: this browser has none
   * @param {import('../replica/connection.js').Clock} clock
   * @param {{ids: () => string[], lost: (client: string) => void}} listener ids: what this page
   *   goes by, the clients it speaks for among them; lost: another tab was this client first, and said so late
   */
  constructor(page, channel, clock, listener) {
    this.#page = page;
    this.#channel = channel;
    this.#clock = clock;
    this.#listener = listener;
    if (channel) channel.onmessage = ({ data }) => this.#received(data);
  }

  /** Become this client, unless another living tab is. @param {string} client @returns {Promise<boolean>} */
  claim(client) {
    if (!client || !this.#channel) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (/** @type {boolean} */ isMine) => {
        this.#claim = null;
        this.#clock.cancel(timer);
        resolve(isMine);
      };
      const timer = this.#clock.after(() => end(true), ANSWER_MOST_MS);
      this.#claim = { client, end };
      this.#say({ kind: 'claim', client, page: this.#page });
    });
  }

  /** What the other living tabs go by: their pages and clients. @returns {Promise<Set<string>>} */
  living() {
    this.#heard = new Set();
    this.#say({ kind: 'who', page: this.#page });
    return new Promise((resolve) => {
      this.#clock.after(() => resolve(this.#heard), this.#channel ? ANSWER_MOST_MS : 0);
    });
  }

  /** @param {Word} word */
  #received(word) {
    if ('to' in word && word.to !== this.#page) return;
    if (word.kind === 'claim') this.#claimed(word.client, word.page);
    else if (word.kind === 'who')
      this.#say({ kind: 'here', ids: this.#listener.ids(), to: word.page });
    else if (word.kind === 'here') for (const id of word.ids) this.#heard.add(id);
    else if (this.#claim?.client === word.client) this.#claim.end(false);
    else if (this.#listener.ids().includes(word.client)) this.#listener.lost(word.client);
  }

  /** @param {string} client @param {string} page that wants to be it */
  #claimed(client, page) {
    if (!this.#listener.ids().includes(client)) return;
    const isMine = this.#claim?.client !== client || this.#page < page;
    if (isMine) this.#say({ kind: 'mine', client, to: page });
    else this.#claim?.end(false); // two at the same moment: one of them must
  }

  /** @param {Word} word */
  #say(word) {
    this.#channel?.postMessage(word);
  }
}

/** The channel of a document's tabs. @param {string} document @returns {Channel | null} */
export function channelOf(document) {
  if (typeof BroadcastChannel === 'undefined') return null;
  return /** @type {Channel} */ (new BroadcastChannel(`gollabedit.${document}`));
}
