// Answers of the JSON API (docs/protocol.md). No DOM.

import { say } from '../text/say.js';

/** The server refused a request; the message is a sentence for the user. */
export class RefusedError extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** What to tell the user about a request that failed. @param {unknown} problem */
export function sentenceOf(problem) {
  return problem instanceof RefusedError ? problem.message : say('loadFailed');
}

/**
 * @param {Promise<Response>} reply
 * @returns {Promise<any>}
 * @throws {RefusedError} if the server's answer is an error with a sentence; another one, if there is none
 */
export async function answerOf(reply) {
  const response = await reply;
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  if (response.status === 401) throw new RefusedError(say('accessEnded'), 401); // its words are for programs
  const { error } = Object(await response.json().catch(() => null));
  throw error ? new RefusedError(error, response.status) : new Error(response.statusText);
}
