// What the person decided about a conflict, from then until it can be sent: something else may have
// to be sent first, and its answer may tell of a conflict that is no longer the same. Pure.

import { apply } from '../text/splices.js';

/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {import('./protocol.js').UnmergedConflict} UnmergedConflict */
/**
 * @typedef {{kind: 'resolve parked', dispute: UnmergedConflict, results: readonly string[]}} ResolveParked
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

/** Not about this client's own conflict. @param {UnmergedConflict} dispute @param {readonly string[]} results @returns {ResolveParked} */
export function resolvingParked(dispute, results) {
  return { kind: 'resolve parked', dispute, results };
}

/** Whether it was decided about these hunks. @param {OwnDecision} decision @param {Conflict} conflict */
export function appliesTo(decision, conflict) {
  return decision.kind === 'park' || decision.hunks === contentOf(conflict);
}

/** The client's whole text with all else merged. @param {Conflict} conflict */
export function withTheirs(conflict) {
  return resolutionOf(
    conflict,
    conflict.hunks.map(({ theirs }) => theirs),
  ).text;
}

/** The conflict's text with the results in it. @param {UnmergedConflict} conflict @param {readonly string[]} results */
export function resolutionOf({ hunks, text }, results) {
  const splices = hunks.map(
    ({ start, end }, index) => /** @type {Splice} */ ([start, end - start, results[index] ?? '']),
  );
  return { splices, text: apply(text, splices) };
}

/** What the hunks are about, wherever in the text they stand. @param {Conflict} conflict */
function contentOf({ hunks }) {
  return JSON.stringify(hunks.map(({ base, ours, theirs }) => [base, ours, theirs]));
}
