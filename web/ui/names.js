// Names of documents: what the server takes, and why not.

const NAME_MOST = 64;

/**
 * Why this cannot be a document's name, or null if it can.
 *
 * @param {string} name
 */
export function problemOf(name) {
  if (name === '') return 'Type a name.';
  if (name.length > NAME_MOST) return `A name has at most ${NAME_MOST} characters.`;
  if (/[A-Z]/.test(name)) return 'Names are in small letters.';
  if (/\s/.test(name)) return 'A name has no blanks; use - instead.';
  if (/[^a-z0-9._-]/.test(name)) return 'A name has only letters a to z, digits, and . _ -';
  if (!/^[a-z0-9]/.test(name)) return 'A name begins with a letter or a digit.';
  if (name.includes('..')) return 'A name has no two dots in a row.';
  if (/\.(git|lock)$/.test(name)) return 'A name does not end in .git or .lock.';
  return null;
}

/** A name that nobody guesses. */
export function newName() {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}

/**
 * The name nearest to a wish that a document can have, or null (server/core/names.py too).
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
    .slice(0, NAME_MOST)
    .replace(/(?:[-._]|\.(?:git|lock))+$/, '');
  return problemOf(name) === null ? name : null;
}
