// The requests of the history to the server (docs/protocol.md). No DOM.

import { rootFrom } from '../ui/addresses.js';
import { answerOf, RefusedError } from '../ui/answers.js';

/** @typedef {import('./versions.js').Author} Author */
/** @typedef {import('./versions.js').Version} Version */
/** @typedef {import('./versions.js').VersionPage} VersionPage */
/** @typedef {import('./changes.js').Run} Run */
/** @typedef {import('./playback.js').Step} Step */
/** @typedef {{authors: Author[], runs: Run[]}} Diff */
/** @typedef {{text: string, authors: Author[], steps: Step[]}} Steps */

// A version has at most 5,000 steps, and an answer 500.
const STEP_PAGES_MAX = 20;

/** @type {VersionPage} */
const NOTHING = { versions: [], revision: '', more: false, complete: true };

export class HistoryApi {
  #address;
  #name;

  /** @param {string} document its name @param {() => string} name the user's, for what they name */
  constructor(document, name) {
    this.#address = `${rootFrom(document)}api/documents/${document}`;
    this.#name = name;
  }

  /** The newest versions, or those before one. @param {number} limit @param {string} [before] @returns {Promise<VersionPage>} */
  async versions(limit, before) {
    try {
      return await this.#ask('/versions', { limit: String(limit), ...(before ? { before } : {}) });
    } catch (problem) {
      const isNew = problem instanceof RefusedError && problem.status === 404 && !before;
      if (isNew) return NOTHING; // nobody has written anything
      throw problem;
    }
  }

  /** What changed between two. @param {string} from @param {string} to @returns {Promise<Diff>} */
  diff(from, to) {
    return this.#ask('/diff', { from, to, context: 'all' });
  }

  /** Everything that led from one to the other. @param {string} from @param {string} to @returns {Promise<Steps>} */
  async steps(from, to) {
    /** @type {Steps} */
    const all = { text: '', authors: [], steps: [] };
    let [start, more] = [from, true];
    for (let page = 0; more && page < STEP_PAGES_MAX; page++) {
      const answer = await this.#ask('/steps', { from: start, to });
      if (page === 0) all.text = answer.text;
      const { length } = all.authors; // each answer counts its own
      for (const step of answer.steps) all.steps.push({ ...step, author: step.author + length });
      all.authors.push(...answer.authors);
      [start, more] = [answer.to, answer.more];
    }
    return all;
  }

  /** Name a version; without a revision, make one of what is there now. @param {string | null} revision @param {string} name @param {string} note @returns {Promise<Version>} */
  name(revision, name, note) {
    return this.#send('POST', '/versions', { ...(revision ? { revision } : {}), name, note });
  }

  /** @param {string} slug @param {string} name @param {string} note @returns {Promise<Version>} */
  rename(slug, name, note) {
    return this.#send('PATCH', `/versions/${encodeURIComponent(slug)}`, { name, note });
  }

  /** @param {string} slug */
  removeName(slug) {
    return this.#send('DELETE', `/versions/${encodeURIComponent(slug)}`);
  }

  /** @param {string} path @param {Record<string, string>} query */
  #ask(path, query) {
    const address = `${this.#address}${path}?${new URLSearchParams(query)}`;
    return answerOf(fetch(address, { cache: 'no-store' }));
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  #send(method, path, body) {
    const address = `${this.#address}${path}?${new URLSearchParams({ name: this.#name() })}`;
    const headers = { 'Content-Type': 'application/json' };
    return answerOf(fetch(address, { method, headers, body: body ? JSON.stringify(body) : null }));
  }
}
