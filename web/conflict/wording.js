// The words of the dialog, for the user's own conflict and for a parked one. Pure. People never
// read "ours", "theirs" or "incoming": in a hunk `theirs` is this branch, `ours` the document.

import { listed } from '../ui/phrases.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./choices.js').ChoiceKind} ChoiceKind */
/**
 * @typedef {{heading: (place: string) => string, about: string, theirs: string, ours: string,
 *   chosen: Record<ChoiceKind, string>}} Wording theirs, ours: names of the two sides; chosen: name
 *   of each choice within a sentence
 */

/** @param {Pick<Conflict, 'names'>} conflict @returns {Wording} */
export function ofConflict(conflict) {
  const who = whoOf(conflict);
  return {
    heading: (place) => `Conflict ${place}`,
    about: `You and ${who} changed the same words. Both versions stay in the document’s history.`,
    theirs: 'Yours',
    ours: `${who}’s`,
    chosen: chosen('your version', `${who}’s version`),
  };
}

/**
 * @param {string} name who parked it
 * @param {boolean} isOwn
 * @param {string} when
 * @param {boolean} isMerging whether it no longer conflicts
 * @returns {Wording}
 */
export function ofParked(name, isOwn, when, isMerging) {
  const version = isOwn ? 'your version' : `${name}’s version`;
  const what = `${isOwn ? 'Your version' : version}, ${when}`;
  const about = isMerging
    ? 'This version no longer conflicts. Add it to the document, or leave it for later.'
    : 'The document has changed here too. Both versions stay in its history.';
  return {
    heading: (place) => what + (place && `, ${place}`),
    about,
    theirs: isOwn ? 'Yours' : `${name}’s`,
    ours: 'Current text',
    chosen: chosen(version, 'the current text'),
  };
}

/** @param {string} theirs @param {string} ours @returns {Record<ChoiceKind, string>} */
function chosen(theirs, ours) {
  return { theirs, ours, both: 'both versions', hand: 'the text you wrote' };
}

/** How the conflict was resolved, in one sentence. @param {Wording} wording @param {readonly (ChoiceKind | null)[]} kinds of its hunks */
export function resolvedSentence(wording, kinds) {
  const [first] = kinds;
  if (kinds.length === 0) return 'Added to the document.';
  const isAlike = kinds.every((kind) => kind === first);
  const what = kinds.length === 1 ? 'Resolved' : `${conflicts(kinds.length)} resolved`;
  return first && isAlike ? `${what} with ${wording.chosen[first]}.` : `${what}.`;
}

/** @param {number} count */
export function conflicts(count) {
  return count === 1 ? '1 conflict' : `${count} conflicts`;
}

/** Who wrote the other side. @param {Pick<Conflict, 'names'>} conflict */
export function whoOf({ names }) {
  return listed(names.ours.length > 0 ? names.ours : ['someone else']);
}
