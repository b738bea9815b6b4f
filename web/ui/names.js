// Names of documents: the server's rules.

const NAME_MAX = 64;

/**
 * Why a document cannot have this name, or null if it can.
 *
 * @param {string} name
 */
export function problemOf(name) {
  if (name === '') return 'Enter a name.';
  if (name.length > NAME_MAX) return `Use ${NAME_MAX} characters or fewer.`;
  if (/[A-Z]/.test(name)) return 'Use lowercase letters only.';
  if (/\s/.test(name)) return 'Use hyphens instead of spaces.';
  if (/[^a-z0-9._-]/.test(name)) return 'Use only a–z, 0–9, dots, hyphens and underscores.';
  if (!/^[a-z0-9]/.test(name)) return 'Start with a letter or a number.';
  if (name.includes('..')) return 'Don’t use two dots in a row.';
  if (/\.(git|lock)$/.test(name)) return 'The name can’t end in .git or .lock.';
  return null;
}

/** A random name that cannot be guessed. */
export function newName() {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
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
