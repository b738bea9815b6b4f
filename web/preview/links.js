// Where the links and pictures of a text may lead: to the web, to an address to write to, to a heading,
// or to another document. Pure.

/**
 * @typedef {{kind: 'web' | 'mail', href: string} | {kind: 'heading', id: string}
 *   | {kind: 'document', name: string, hash: string}} Target
 */

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const SEGMENT = /^[a-z0-9](?!.*\.\.)[a-z0-9._-]{0,63}$/;
const SEGMENTS_MAX = 4;
// Stands for this server: no other one can have the name.
const HERE = 'here.invalid';

/**
 * Where a link leads; null if nowhere that is allowed.
 *
 * @param {string} href
 * @param {string} document the name of the document that has the link
 * @returns {Target | null}
 */
export function targetOf(href, document) {
  const link = href.trim();
  if (link.startsWith('#')) return { kind: 'heading', id: decoded(link.slice(1)) };
  if (SCHEME.test(link) || /^[/\\]{2}/.test(link)) return outside(link);
  const url = parsed(link, `https://${HERE}/${document}`);
  const name = decoded(url?.pathname.slice(1) ?? '').replace(/^d\//, '');
  if (url?.host !== HERE || !isName(name)) return null;
  return { kind: 'document', name, hash: url.hash };
}

/** The server of a picture in the web, with its scheme and port; null if it is not from there. @param {string} src */
export function serverOf(src) {
  const url = parsed(src.trim());
  return url && /^https?:$/.test(url.protocol) ? url.origin : null;
}

/** @param {string} link @returns {Target | null} */
function outside(link) {
  const url = parsed(link, `https://${HERE}`);
  if (url?.protocol === 'mailto:') return { kind: 'mail', href: url.href };
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isWeb ? { kind: 'web', href: url.href } : null;
}

/** @param {string} name */
function isName(name) {
  const segments = name.split('/');
  return segments.length <= SEGMENTS_MAX && segments.every((it) => SEGMENT.test(it));
}

/** @param {string} address @param {string} [base] */
function parsed(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/** A part of an address without its escapes, as far as they are valid. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
