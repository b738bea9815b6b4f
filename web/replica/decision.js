// The user's decision about a conflict, until it can be sent: another edit may have to go first, and
// its answer may bring a different conflict. Pure.

import { apply } from '../text/splices.js';

/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {import('./protocol.js').UnmergedConflict} UnmergedConflict */
/**
 * @typedef {{kind: 'resolve parked', parked: UnmergedConflict, results: readonly string[]}} ResolveParked
 * @typedef {{kind: 'park'} | {kind: 'resolve', hunks: string, results: readonly string[]}} OwnDecision
 *   about this client's own conflict
 * @typedef {OwnDecision | ResolveParked} Decision
 */

/** @type {OwnDecision} */
export const PARK = { kind: 'park' };

/** @param {Conflict} conflict @param {readonly string[]} results @returns {OwnDecision} */
export function resolving(conflict, results) {
  return { kind: 'resolve', hunks: contentOf(conflict), results };
}

/** @param {UnmergedConflict} parked @param {readonly string[]} results @returns {ResolveParked} */
export function resolvingParked(parked, results) {
  return { kind: 'resolve parked', parked, results };
}

/** Whether the decision was made about these hunks. @param {OwnDecision} decision @param {Conflict} conflict */
export function appliesTo(decision, conflict) {
  return decision.kind === 'park' || decision.hunks === contentOf(conflict);
}

/** The merged text with this client's side in every hunk. @param {Conflict} conflict */
export function withTheirs(conflict) {
  return resolutionOf(
    conflict,
    conflict.hunks.map(({ theirs }) => theirs),
  ).text;
}

/** The conflict's text with the results in place of the hunks. @param {UnmergedConflict} conflict @param {readonly string[]} results */
export function resolutionOf({ hunks, text }, results) {
  const splices = hunks.map(
    ({ start, end }, index) => /** @type {Splice} */ ([start, end - start, results[index] ?? '']),
  );
  return { splices, text: apply(text, splices) };
}

/** The hunks' texts, independent of their positions. @param {Conflict} conflict */
function contentOf({ hunks }) {
  return JSON.stringify(hunks.map(({ base, ours, theirs }) => [base, ours, theirs]));
}
