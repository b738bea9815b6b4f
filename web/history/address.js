// The part of the address behind `#`, which says what of the history is shown: `#history`,
// `#history/<version>` or `#history/<from>..<to>`. Pure.

/** @typedef {{from: string | null, to: string | null}} Address from: null if nothing is compared; to: null for the newest version */

/** What an address shows, or null if it does not show the history. @param {string} hash */
export function addressOf(hash) {
  const [, reference = ''] = /^#history(?:\/(.*))?$/.exec(hash) ?? [null, null];
  if (reference === null) return null;
  const [first = '', second] = reference.split('..').map(decoded);
  /** @type {Address} */
  const address =
    second === undefined ? { from: null, to: first || null } : { from: first, to: second || null };
  return address;
}

/** @param {string} to @param {string | null} [from] */
export function hashOf(to, from = null) {
  return `#history/${from === null ? '' : `${encodeURIComponent(from)}..`}${encodeURIComponent(to)}`;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
