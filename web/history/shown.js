// What of the history is shown: a version, and what it is compared with. From the address and to the
// address, which two texts are compared, and how it is called. No DOM.

import { say } from '../text/say.js';
import { hashOf } from './address.js';
import { namesOf, titleOfVersion } from './titles.js';
import { NOW, OPEN, START } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */
/** @typedef {import('./versions.js').Versions} Versions */
/** @typedef {{version: Version, other: string | null}} Shown other: an id, a slug, a revision or "now"; null for the version before */

/** @type {Record<string, import('../text/say.js').SentenceName>} */
const NAMES = { [NOW]: 'historyNow', [START]: 'historyStart' };

/**
 * What an address shows, or null if there is no such version.
 *
 * @param {import('./address.js').Address} address
 * @param {Versions} versions
 * @returns {Promise<Shown | null>}
 */
export async function shownAt({ from, to }, versions) {
  const [newest] = versions.all;
  if (!newest) return null;
  const isNewest = to === null || to === OPEN || to === NOW;
  if (from === null || !isNewest) {
    const version = isNewest ? newest : await versions.find(to);
    return version && { version, other: from };
  }
  const version = versions.loaded(from);
  return version && version !== newest ? { version, other: NOW } : { version: newest, other: from };
}

/** The address of what is shown. @param {Shown} shown @param {Versions} versions */
export function addressOfShown({ version, other }, versions) {
  const id = version.slug || version.id;
  if (other === null) return hashOf(id);
  return isNewer(other, version, versions) ? hashOf(other, id) : hashOf(id, other);
}

/**
 * The revisions that are compared.
 *
 * @param {Shown} shown
 * @param {Versions} versions
 * @returns {Promise<[from: string, to: string]>}
 */
export async function endsOf({ version, other }, versions) {
  const { revision } = version;
  if (other === null) return [(await versions.before(version))?.revision ?? START, revision];
  const its = versions.loaded(other)?.revision ?? other;
  return isNewer(other, version, versions) ? [revision, its] : [its, revision];
}

/**
 * Those who changed something between the two, or null if that is not known.
 *
 * @param {Shown} shown
 * @param {Versions} versions
 */
export function authorsOf({ version, other }, versions) {
  const { all } = versions;
  const own = all.indexOf(version);
  const found = other === null ? null : versions.loaded(other);
  if (other !== null && other !== NOW && !found) return null;
  const its = other === null ? own + 1 : found ? all.indexOf(found) : 0;
  const [newer, older] = other === NOW ? [0, own] : [Math.min(own, its), Math.max(own, its)];
  return all.slice(newer, older).flatMap(({ authors }) => authors);
}

/**
 * "Tuesday 10:42, by Ann and Bo", or "Changes from Monday 9:30 to now".
 *
 * @param {Shown} shown
 * @param {Versions} versions
 * @param {string | undefined} looked the revision that was shown last
 * @param {number} nowMs
 * @param {string} [language] by default the browser's
 */
export function titleOfShown({ version, other }, versions, looked, nowMs, language) {
  const own = titleOfVersion(version, nowMs, language);
  if (other === null)
    return say('versionBy', { when: capital(own), names: namesOf(version.authors) });
  const found = versions.loaded(other);
  const otherName = NAMES[other] ?? (other === looked ? 'lookedLast' : 'older');
  const its = found ? titleOfVersion(found, nowMs, language) : say(otherName);
  const [from, to] = isNewer(other, version, versions) ? [own, its] : [its, own];
  return say('changesBetween', { from, to });
}

/** Whether a reference is newer than a version. @param {string} other @param {Version} version @param {Versions} versions */
function isNewer(other, version, versions) {
  const found = versions.loaded(other);
  const { all } = versions;
  return other === NOW || (found !== null && all.indexOf(found) < all.indexOf(version));
}

/** @param {string} sentence */
function capital(sentence) {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
