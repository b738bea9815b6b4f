// What the dialog calls things: it is the same for a conflict of one's own and for a part that was
// put aside. Pure. Nobody reads "ours", "theirs" or "incoming" here.

import { listed } from '../text/listed.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./choices.js').Kind} Kind */
/**
 * @typedef {{heading: (place: string) => string, about: string, mine: string, theirs: string,
 *   keepMine: string, keepTheirs: string, used: Record<Kind, string>}} Wording mine, theirs: the
 *   headings of the two sides; used: what is said to have been used
 */

/** @param {Pick<Conflict, 'names'>} conflict @returns {Wording} */
export function ofConflict(conflict) {
  const who = whoOf(conflict);
  return {
    heading: (place) => `Conflict ${place}`,
    about: `You and ${who} changed the same words. Choose what to keep. Both versions stay in the document’s history.`,
    mine: 'Yours',
    theirs: `${who}'s`,
    keepMine: 'Mine',
    keepTheirs: `${who}'s`,
    used: used('Your version', `${who}'s version`),
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
  const what = `Put aside by ${isOwn ? 'you' : name}, ${when}`;
  const about = isMerging
    ? 'Nothing in it disagrees with the document any more. Put it in, or leave it put aside.'
    : 'These words were changed in the document as well. Choose what to keep. Both versions stay in the document’s history.';
  return {
    heading: (place) => what + (place && `, ${place}`),
    about,
    mine: isOwn ? 'Yours' : `${name}'s`,
    theirs: 'In the document now',
    keepMine: isOwn ? 'Mine' : `${name}'s`,
    keepTheirs: 'What is there now',
    used: used(isOwn ? 'Your version' : `${name}'s version`, 'What was in the document'),
  };
}

/** @param {string} mine @param {string} theirs @returns {Record<Kind, string>} */
function used(mine, theirs) {
  return { mine, theirs, both: 'Both versions', hand: 'What you wrote' };
}

/** What was done, in one sentence. @param {Wording} wording @param {readonly (Kind | null)[]} kinds */
export function usedSentence(wording, kinds) {
  const [first] = kinds;
  if (kinds.length === 0) return 'It is in the document now.';
  const isAlike = kinds.every((kind) => kind === first);
  const what = first && isAlike ? wording.used[first] : 'What you chose';
  return `${what} ${what === 'Both versions' ? 'were' : 'was'} used for ${parts(kinds.length)}.`;
}

/** @param {number} count */
export function parts(count) {
  return count === 1 ? '1 part' : `${count} parts`;
}

/** @param {Pick<Conflict, 'names'>} conflict */
export function whoOf({ names }) {
  const all = names.ours.length > 0 ? names.ours : ['Somebody'];
  return listed(all);
}
