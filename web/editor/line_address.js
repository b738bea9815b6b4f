// The part of the address behind `#` that names lines (`#L12`, `#L12-L20`) or a heading
// (`#some-heading`), and line numbers as people type them. Pure; lines count from 1.

/** @typedef {{first: number, last: number}} Lines */
/** @typedef {Lines | {slug: string}} Target */

/** What an address names, or null for nothing. @param {string} hash @returns {Target | null} */
export function targetOf(hash) {
  const lines = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (lines) {
    const [one, other] = [Number(lines[1]), Number(lines[2] ?? lines[1])];
    return { first: Math.min(one, other), last: Math.max(one, other) };
  }
  return hash.length > 1 ? { slug: decoded(hash.slice(1)) } : null;
}

/** @param {Lines} lines */
export function hashOfLines({ first, last }) {
  return first === last ? `#L${first}` : `#L${first}-L${last}`;
}

/** @param {string} slug */
export function hashOfHeading(slug) {
  return `#${encodeURIComponent(slug)}`;
}

/**
 * A line, and perhaps a column, both from 1.
 *
 * @param {string} typed such as `12` or `12:5`
 * @returns {{line: number, column: number} | null} null if it is none
 */
export function positionIn(typed) {
  const [, line, column = '1'] = /^\s*(\d{1,9})(?:\s*[:.,]\s*(\d{1,9}))?\s*$/.exec(typed) ?? [];
  return line === undefined ? null : { line: Number(line), column: Number(column) };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
