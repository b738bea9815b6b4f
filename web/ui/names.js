// Names of documents: the server's rules.

import { say } from '../text/say.js';

const NAME_MAX = 64;

/**
 * Why a document cannot have this name, or null if it can.
 *
 * @param {string} name
 */
export function problemOf(name) {
  if (name === '') return say('nameMissing');
  if (name.length > NAME_MAX) return say('nameLong', { max: NAME_MAX });
  if (/[A-Z]/.test(name)) return say('nameUpper');
  if (/\s/.test(name)) return say('nameSpaces');
  if (/[^a-z0-9._-]/.test(name)) return say('nameCharacters');
  if (!/^[a-z0-9]/.test(name)) return say('nameStart');
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
  const name = wish
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-._]+/, '')
    .slice(0, NAME_MAX)
    .replace(/(?:[-._]|\.(?:git|lock))+$/, '');
  return problemOf(name) === null ? name : null;
}
