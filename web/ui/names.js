// Names of documents: what the server takes, and why not.

const NAME_MOST = 64;

/**
 * Why this cannot be a document's name, or null if it can.
 *
 * @param {string} name
 */
export function problemOf(name) {
  if (name === '') return 'Enter a name.';
  if (name.length > NAME_MOST) return `Use ${NAME_MOST} characters or fewer.`;
  if (/[A-Z]/.test(name)) return 'Use lowercase letters only.';
  if (/\s/.test(name)) return 'Use hyphens instead of spaces.';
  if (/[^a-z0-9._-]/.test(name)) return 'Use only a–z, 0–9, dots, hyphens and underscores.';
  if (!/^[a-z0-9]/.test(name)) return 'Start with a letter or a number.';
  if (name.includes('..')) return 'Don’t use two dots in a row.';
  if (/\.(git|lock)$/.test(name)) return 'The name can’t end in .git or .lock.';
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
