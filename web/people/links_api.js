// The requests about links to a document (docs/protocol.md). No DOM.

import { rootFrom } from '../ui/addresses.js';
import { answerOf } from '../ui/answers.js';

/**
 * @typedef {{id: string, right: 'view' | 'edit', made_by: string, created: number,
 *   expires: number | null, used: number | null, key?: string}} Link times: in seconds since the epoch;
 *   key: only of a link that was just made
 */

export class LinksApi {
  #address;

  /** @param {string} document its name */
  constructor(document) {
    this.#address = `${rootFrom(document)}api/documents/${document}/links`;
  }

  /** All links, the newest first. @returns {Promise<Link[]>} */
  async list() {
    return (await answerOf(fetch(this.#address, { cache: 'no-store' }))).links;
  }

  /** @param {string} right @param {number} days until it expires; 0: never @returns {Promise<Link>} with its key */
  make(right, days) {
    const body = JSON.stringify({ right, expires_days: days });
    return this.#send('POST', this.#address, body);
  }

  /** @param {string} id */
  revoke(id) {
    return this.#send('DELETE', `${this.#address}/${encodeURIComponent(id)}`);
  }

  /** @param {string} method @param {string} address @param {string | null} [body] */
  #send(method, address, body = null) {
    const headers = { 'Content-Type': 'application/json' };
    return answerOf(fetch(address, { method, headers, body }));
  }
}
