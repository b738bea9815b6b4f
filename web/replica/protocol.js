// The messages of the wire protocol, version 1, as the browser sees them. docs/protocol.md describes
// them; P1, P2, ... in comments refer to its rules.

/** @typedef {import('../text/splices.js').Splice} Splice */

/**
 * @typedef {{type: 'hello', protocol: 1, name?: string, client?: string, key?: string,
 *   base?: string}} Hello
 * @typedef {{type: 'edit', seq: number, base: string, text?: string,
 *   splices?: readonly Splice[], restores?: string}} Edit restores: the revision whose text it brings back
 * @typedef {{type: 'resolve', seq: number, commit: string, base: string, text?: string,
 *   splices?: readonly Splice[]}} Resolve
 * @typedef {{type: 'park', seq: number, commit: string}} Park
 * @typedef {{type: 'presence', base: string, anchor: number, head: number,
 *   name?: string}} OwnPresence
 * @typedef {{type: 'sync'} | {type: 'ping'}} Request
 * @typedef {Edit | Resolve | Park} Submission has a `seq` and is answered once (P3)
 * @typedef {Hello | Submission | OwnPresence | Request} ClientMessage
 */

/**
 * @typedef {{client: string, name: string, color: string, base?: string, anchor?: number,
 *   head?: number}} Person
 * @typedef {{text: string, start: number, end: number}} BaseLines the lines of the base that a hunk
 *   is on, and where in them its words were
 * @typedef {{start: number, end: number, base: string, ours: string, theirs: string,
 *   base_lines?: BaseLines}} Hunk ours: the text of `master`; theirs: the text of the client's branch
 * @typedef {{commit: string, revision: string, base: string, text: string, hunks: Hunk[],
 *   diff: string, names: {ours: string[], theirs: string}}} UnmergedConflict of a branch with `master`
 * @typedef {{type: 'conflict', seq: number, waiting: number} & UnmergedConflict} Conflict
 * @typedef {{type: 'welcome', protocol: number, document: string, client: string, key: string,
 *   branch: string, revision: string, text?: string, from?: string, splices?: Splice[],
 *   check: number, seq: number, people: Person[], conflict: Conflict | null, access: string,
 *   manage?: boolean, name?: string, unmerged?: number, limits: {document_bytes: number}}} Welcome
 *   name: of the user's account; absent if the user chooses one
 * @typedef {{type: 'merged', seq: number, commit: string, revision: string, splices: Splice[],
 *   check: number}} Merged
 * @typedef {{type: 'update', from?: string, revision: string, splices?: Splice[], text?: string,
 *   check: number, clients?: string[]}} Update
 * @typedef {{type: 'presence', left?: boolean} & Person} PersonMoved
 * @typedef {{type: 'error', code: string, message: string, seq?: number,
 *   retry_after_s?: number}} ServerError
 * @typedef {{type: 'unmerged', count: number}} Unmerged the number of parked conflicts
 * @typedef {Welcome | Merged | Update | Conflict | PersonMoved | Unmerged | ServerError
 *   | {type: 'pong'}} ServerMessage
 */

export const PROTOCOL = 1;

/** The codes after which the same message may be sent again. */
export const RETRYABLE = new Set(['unavailable', 'rate_limited']);

/** Whether a message answers a request of this client, so that the next can be sent. @param {ServerMessage} message */
export function isAnswer(message) {
  if (message.type === 'update') return message.text !== undefined; // to `sync`
  return ['welcome', 'merged', 'conflict'].includes(message.type);
}

/** The peer sent a message that the protocol does not allow in this state. */
export class ProtocolError extends Error {}
