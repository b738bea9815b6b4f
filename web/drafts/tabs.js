// The tabs of this browser with the same document: finds the living ones, and makes sure that no two
// are the same client (a duplicated tab copies what its page has stored).
//
//   claim {client, page} ──> mine {client, to}        the client has a living tab
//   who   {page}         ──> here {ids, to}           the ids of a living tab
//
// A sleeping tab does not answer, so silence proves little: see also draft_keeper.js, and the
// people that the server lists.

/** @typedef {{kind: 'claim', client: string, page: string} | {kind: 'who', page: string}
 *   | {kind: 'mine', client: string, to: string} | {kind: 'here', ids: string[], to: string}} TabMessage */
/**
 * @typedef {{postMessage: (message: TabMessage) => void,
 *   onmessage: ((event: {data: TabMessage}) => void) | null}} Channel
 */

const ANSWER_MAX_MS = 150;

export class Tabs {
  #page;
  #channel;
  #clock;
  #listener;
  /** @type {{client: string, end: (isMine: boolean) => void} | null} */
  #claim = null;
  /** @type {Set<string>} */
  #livingIds = new Set();

  /**
   * @param {string} page the id of this page
   * @param {Channel | null} channel of the document; null if the browser has none
   * @param {import('../replica/connection.js').Clock} clock
   * @param {{ids: () => string[], lost: (client: string) => void}} listener ids: of this page and the
   *   clients that it acts as; lost: another tab was this client first, and answered late
   */
  constructor(page, channel, clock, listener) {
    this.#page = page;
    this.#channel = channel;
    this.#clock = clock;
    this.#listener = listener;
    if (channel) channel.onmessage = ({ data }) => this.#received(data);
  }

  /** Claim a client, unless another living tab has it. @param {string} client @returns {Promise<boolean>} whether it succeeded */
  claim(client) {
    if (!client || !this.#channel) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (/** @type {boolean} */ isMine) => {
        this.#claim = null;
        this.#clock.cancel(timer);
        resolve(isMine);
      };
      const timer = this.#clock.after(() => end(true), ANSWER_MAX_MS);
      this.#claim = { client, end };
      this.#post({ kind: 'claim', client, page: this.#page });
    });
  }

  /** The pages and clients of the other living tabs. @returns {Promise<Set<string>>} */
  livingIds() {
    this.#livingIds = new Set();
    this.#post({ kind: 'who', page: this.#page });
    return new Promise((resolve) => {
      this.#clock.after(() => resolve(this.#livingIds), this.#channel ? ANSWER_MAX_MS : 0);
    });
  }

  /** @param {TabMessage} message */
  #received(message) {
    if ('to' in message && message.to !== this.#page) return;
    if (message.kind === 'claim') this.#claimed(message.client, message.page);
    else if (message.kind === 'who')
      this.#post({ kind: 'here', ids: this.#listener.ids(), to: message.page });
    else if (message.kind === 'here') for (const id of message.ids) this.#livingIds.add(id);
    else if (this.#claim?.client === message.client) this.#claim.end(false);
    else if (this.#listener.ids().includes(message.client)) this.#listener.lost(message.client);
  }

  /** @param {string} client @param {string} page the one that claims it */
  #claimed(client, page) {
    if (!this.#listener.ids().includes(client)) return;
    const isMine = this.#claim?.client !== client || this.#page < page;
    if (isMine) this.#post({ kind: 'mine', client, to: page });
    else this.#claim?.end(false); // both claim at the same time: the lower page wins
  }

  /** @param {TabMessage} message */
  #post(message) {
    this.#channel?.postMessage(message);
  }
}

/**
 * The channel of a document's tabs; null where site data is blocked, or there is none.
 *
 * @param {string} document
 * @returns {Channel | null}
 */
export function channelOf(document) {
  try {
    return /** @type {Channel} */ (new BroadcastChannel(`gollabedit.${document}`));
  } catch {
    return null;
  }
}
