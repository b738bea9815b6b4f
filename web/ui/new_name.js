// Random names for new documents. Pure, except for the randomness.

/** A random name that cannot be guessed. */
export function newName() {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
