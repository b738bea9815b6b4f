// The requests of the history to the server (docs/protocol.md). No DOM.

/** @typedef {import('./versions.js').Author} Author */
/** @typedef {import('./versions.js').Version} Version */
/** @typedef {import('./versions.js').VersionPage} VersionPage */
/** @typedef {import('./changes.js').Run} Run */
/** @typedef {import('./playback.js').Step} Step */
/** @typedef {{authors: Author[], runs: Run[]}} Diff */
/** @typedef {{text: string, authors: Author[], steps: Step[], more: boolean}} Steps */

/** The server refused a request; the message is a sentence for the user. */
export class RefusedError extends Error {}

export class HistoryApi {
  #address;

  /** @param {string} document its name */
  constructor(document) {
    this.#address = `/api/documents/${document}`;
  }

  /** The newest versions, or those before one. @param {number} limit @param {string} [before] @returns {Promise<VersionPage>} */
  versions(limit, before) {
    return this.#ask('/versions', { limit: String(limit), ...(before ? { before } : {}) });
  }

  /** What changed between two; without `from`, since the version before. @param {string | null} from @param {string} to @returns {Promise<Diff>} */
  diff(from, to) {
    return this.#ask('/diff', { ...(from ? { from } : {}), to, context: 'all' });
  }

  /** Everything that led from one to the other. @param {string | null} from @param {string} to @returns {Promise<Steps>} */
  steps(from, to) {
    return this.#ask('/steps', { ...(from ? { from } : {}), to });
  }

  /** Give a version a name. @param {string} revision @param {string} name @param {string} note @returns {Promise<Version>} */
  name(revision, name, note) {
    return this.#send('POST', '/versions', { revision, name, note });
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
    return answerOf(fetch(address, { cache: 'no-cache' }));
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  #send(method, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    return answerOf(
      fetch(this.#address + path, { method, headers, body: body ? JSON.stringify(body) : null }),
    );
  }
}

/**
 * @param {Promise<Response>} reply
 * @returns {Promise<any>}
 * @throws {RefusedError} if the server's answer is an error; another one, if there is none
 */
async function answerOf(reply) {
  const response = await reply;
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  const { error } = Object(await response.json().catch(() => null));
  throw new RefusedError(error?.message ?? error ?? response.statusText);
}
