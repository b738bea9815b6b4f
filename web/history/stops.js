// The stops of the slider: one for each version, from the oldest on the left to the newest. Pure.

/** @typedef {import('./versions.js').Version} Version */

/** The slider's value for the version at an index of the list, whose first is the newest. @param {number} index @param {number} count */
export function stopOf(index, count) {
  return count - 1 - index;
}

/** @param {number} stop @param {number} count */
export function indexAt(stop, count) {
  return Math.max(0, Math.min(count - 1, count - 1 - stop));
}

/**
 * Where on the slider the named versions are, from 0 to 1.
 *
 * @param {readonly Version[]} versions the newest first
 */
export function namedAt(versions) {
  const last = Math.max(1, versions.length - 1);
  return versions.flatMap(({ name }, index) =>
    name ? [{ name, at: stopOf(index, versions.length) / last }] : [],
  );
}
