// Names of documents: the server's rules.

import { say } from '../text/say.js';

const SEGMENT_MAX = 64;
const SEGMENTS_MAX = 4;
const NAME_MAX = 200;
// What a name with folders cannot have: words of addresses, and devices of Windows.
const RESERVED =
  /^(authors|diff|links|mirror|raw|refs|steps|unmerged|versions|view|(aux|con|nul|prn|(com|lpt)[0-9])(\..*)?)$/;
// As its first folder: it begins other addresses, or is something else in a data folder.
const RESERVED_FIRST =
  /^(api|control|d|format|lock|push|secret|static|store|trash|ws|.*\.(json|sqlite|toml)(-[a-z]+)?)$/;

/**
 * Why a document cannot have this name, or null if it can.
 *
 * @param {string} name
 */
export function problemOf(name) {
  if (name === '') return say('nameMissing');
  const segments = segmentsOf(name);
  for (const it of segments) {
    const problem = problemOfSegment(it);
    if (problem) return problem;
  }
  return segments.length > 1 ? problemOfFolders(name, segments) : null;
}

/** @param {string} name */
function segmentsOf(name) {
  const segments = name.split('/');
  return segments.includes('..') ? [name] : segments; // no name, but the path of a file
}

/** @param {string} name @param {string[]} segments */
function problemOfFolders(name, segments) {
  if (name.endsWith('/')) return say('nameUnfinished');
  if (segments.includes('')) return say('nameSlashes');
  if (segments.length > SEGMENTS_MAX) return say('nameDeep', { max: SEGMENTS_MAX - 1 });
  if (name.length > NAME_MAX) return say('nameLong', { max: NAME_MAX });
  if (segments.some((it) => it.endsWith('.'))) return say('nameDot');
  const first = segments.slice(0, 1).find((it) => RESERVED_FIRST.test(it));
  // So that the last `/d/` in an address is what comes before the name.
  const word = first ?? (name.includes('/d/') ? 'd' : segments.find((it) => RESERVED.test(it)));
  return word === undefined ? null : say('nameReserved', { name: word });
}

/** @param {string} name */
function problemOfSegment(name) {
  if (name.length > SEGMENT_MAX) return say('nameLong', { max: SEGMENT_MAX });
  if (/[A-Z]/.test(name)) return say('nameUpper');
  if (/\s/.test(name)) return say('nameSpaces');
  if (/[^a-z0-9._-]/.test(name)) return say('nameCharacters');
  if (/^[._-]/.test(name)) return say('nameStart');
  if (name.includes('..')) return say('nameDots');
  if (/\.(git|lock)$/.test(name)) return say('nameEnd');
  return null;
}

/**
 * The valid name nearest to the wish, or null (the twin of `nearest_name` in server/core/names.py).
 *
 * @param {string} wish
 */
export function nearestName(wish) {
  const segments = segmentsOf(wish).filter(Boolean);
  const surplus = segments.splice(SEGMENTS_MAX - 1).join('-');
  const name = [...segments, surplus].map(nearestSegment).filter(Boolean).join('/');
  return problemOf(name) === null ? name : null;
}

/** @param {string} wish */
function nearestSegment(wish) {
  return wish
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-._]+/, '')
    .slice(0, SEGMENT_MAX)
    .replace(/(?:[-._]|\.(?:git|lock))+$/, '');
}
