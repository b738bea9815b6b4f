// The words of the dialog, for the user's own conflict and for a parked one. Pure. People never
// read "ours", "theirs" or "incoming": in a hunk `theirs` is this branch, `ours` the document.

import { say } from '../text/say.js';
import { listed } from '../ui/phrases.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./choices.js').ChoiceKind} ChoiceKind */
/**
 * @typedef {{name: string | undefined, isSelf: boolean}} Who whose face stands beside a version
 * @typedef {{heading: string, about: string, theirs: string, ours: string, whose: {theirs: Who, ours: Who},
 *   use: Record<ChoiceKind, string>, useForAll: (kind: 'theirs' | 'ours', count: number) => string,
 *   within: Record<ChoiceKind, string>}} Wording theirs, ours: names of the two versions; use: labels
 *   of the button that decides; within: names of the choices within a sentence
 */

const SELF = { name: undefined, isSelf: true };
const NOBODY = { name: undefined, isSelf: false };

/** @param {Pick<Conflict, 'names'>} conflict @param {boolean} isFirst whether it is the user's first one @returns {Wording} */
export function ofConflict(conflict, isFirst) {
  const who = whoOf(conflict);
  return {
    heading: say('whichVersion'),
    about: isFirst ? say('firstConflict') : '',
    theirs: say('yourVersion'),
    ours: say('versionOf', { who }),
    whose: { theirs: SELF, ours: { name: conflict.names.ours[0], isSelf: false } },
    use: uses(say('useMine'), say('useTheirs', { who })),
    useForAll: (kind, count) =>
      say(kind === 'theirs' ? 'useMineForAll' : 'useTheirsForAll', { who, count }),
    within: choices(say('withMine'), say('withTheirs', { who })),
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
  const version = isOwn ? say('yourVersion') : say('versionOf', { who: name });
  return {
    heading: say('parkedBy', { version, when }),
    about: say(isMerging ? 'parkedMerges' : 'parkedConflicts'),
    theirs: version,
    ours: say('currentText'),
    whose: { theirs: isOwn ? SELF : { name, isSelf: false }, ours: NOBODY },
    use: uses(isOwn ? say('useMine') : say('useTheirs', { who: name }), say('useCurrent')),
    useForAll: (kind, count) => {
      if (kind === 'ours') return say('useCurrentForAll', { count });
      return say(isOwn ? 'useMineForAll' : 'useTheirsForAll', { who: name, count });
    },
    within: choices(isOwn ? say('withMine') : say('withTheirs', { who: name }), say('withCurrent')),
  };
}

/** @param {string} theirs @param {string} ours @returns {Record<ChoiceKind, string>} */
function uses(theirs, ours) {
  return { theirs, ours, both: say('useBoth'), hand: say('useWritten') };
}

/** @param {string} theirs @param {string} ours @returns {Record<ChoiceKind, string>} */
function choices(theirs, ours) {
  return { theirs, ours, both: say('withBoth'), hand: say('withWritten') };
}

/** How the conflict was resolved, in one sentence. @param {Wording} wording @param {readonly (ChoiceKind | null)[]} kinds of its hunks */
export function resolvedSentence(wording, kinds) {
  const [first] = kinds;
  if (kinds.length === 0) return say('addedToDocument');
  const [isOne, isAlike] = [kinds.length === 1, kinds.every((kind) => kind === first)];
  const what = say('conflicts', { count: kinds.length });
  if (!first || !isAlike) return isOne ? say('conflictResolved') : say('resolved', { what });
  const version = wording.within[first];
  return say(isOne ? 'resolvedWith' : 'resolvedAllWith', { what, version });
}

/** Who wrote the other side. @param {Pick<Conflict, 'names'>} conflict */
export function whoOf({ names }) {
  return listed(names.ours.length > 0 ? names.ours : [say('someoneElse')]);
}
