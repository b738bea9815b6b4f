// What the dialog calls things: it is the same for a conflict of one's own and for a part that was
// put aside. Pure. Nobody reads "ours", "theirs" or "incoming" here.

import { listed } from '../ui/phrases.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./choices.js').Kind} Kind */
/**
 * @typedef {{heading: (place: string) => string, about: string, mine: string, theirs: string,
 *   used: Record<Kind, string>}} Wording mine, theirs: what the two sides are called; used: what
 *   each choice is called in a sentence
 */

/** @param {Pick<Conflict, 'names'>} conflict @returns {Wording} */
export function ofConflict(conflict) {
  const who = whoOf(conflict);
  return {
    heading: (place) => `Conflict ${place}`,
    about: `You and ${who} changed the same words. Both versions stay in the document’s history.`,
    mine: 'Yours',
    theirs: `${who}’s`,
    used: used('your version', `${who}’s version`),
  };
}

/**
 * @param {string} name who put it aside
 * @param {boolean} isOwn
 * @param {string} when
 * @param {boolean} isMerging nothing in it disagrees with the document any more
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
    mine: isOwn ? 'Yours' : `${name}’s`,
    theirs: 'Current text',
    used: used(version, 'the current text'),
  };
}

/** @param {string} mine @param {string} theirs @returns {Record<Kind, string>} */
function used(mine, theirs) {
  return { mine, theirs, both: 'both versions', hand: 'the text you wrote' };
}

/** What was done, in one sentence. @param {Wording} wording @param {readonly (Kind | null)[]} kinds */
export function usedSentence(wording, kinds) {
  const [first] = kinds;
  if (kinds.length === 0) return 'Added to the document.';
  const isAlike = kinds.every((kind) => kind === first);
  const what = kinds.length === 1 ? 'Resolved' : `${conflicts(kinds.length)} resolved`;
  return first && isAlike ? `${what} with ${wording.used[first]}.` : `${what}.`;
}

/** @param {number} count */
export function conflicts(count) {
  return count === 1 ? '1 conflict' : `${count} conflicts`;
}

/** @param {Pick<Conflict, 'names'>} conflict */
export function whoOf({ names }) {
  return listed(names.ours.length > 0 ? names.ours : ['someone else']);
}
