// What the service worker does with a request, and with the server's answer. Pure.
//
// Only pages are answered, and only if the server cannot be reached; scripts come from the same place
// as their page. A page of the server loads `static/…`, which the worker never touches; a kept
// one loads `kept-<version>/…`, which is kept with it and is at no address of the server. So a page
// never has code of two versions, and none of an old one while the server answers.

/**
 * @typedef {{kind: 'none'} | {kind: 'file'} | {kind: 'sign-out'} | {kind: 'start'} | {kind: 'frame'}
 *   | {kind: 'other'} | {kind: 'document', document: string, isView: boolean}} Purpose none: not for the
 *   worker; file: of the kept set; frame: for a text as a page; other: a page that needs the server
 */

// Long enough for a slow server, short enough for a network that lets nothing through.
export const PATIENCE_MS = 5_000;

const NAME = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/;
const NOT_PAGES = /(?:\/raw|\.git\/.*|\/info\/refs)$/;
const GATEWAY_ERRORS = new Set([502, 503, 504]);
const LOST = new Set([403, 404, 410]);

/**
 * What a request is for.
 *
 * @param {{method: string, url: string, mode: string}} request
 * @param {string} scope the address of the start page
 * @returns {Purpose}
 */
export function purposeOf({ method, url, mode }, scope) {
  if (!url.startsWith(scope)) return { kind: 'none' };
  const { pathname, searchParams } = new URL(url);
  const path = decoded(pathname.slice(new URL(scope).pathname.length));
  if (path.startsWith('kept-')) return { kind: 'file' };
  if (mode !== 'navigate') return { kind: 'none' };
  if (method === 'POST' && path === 'sign-out') return { kind: 'sign-out' };
  // The key of a link is for the server alone.
  if (method !== 'GET' || searchParams.has('key')) return { kind: 'none' };
  if (path === '') return { kind: 'start' };
  if (path === 'preview') return { kind: 'frame' };
  if (path === 'search' || path === 'help') return { kind: 'other' };
  if (!path.startsWith('d/') || NOT_PAGES.test(path)) return { kind: 'none' };
  const isView = path.endsWith('/view');
  const document = path.slice(2, isView ? -'/view'.length : undefined);
  return NAME.test(document) ? { kind: 'document', document, isView } : { kind: 'none' };
}

/** Whether an answer comes from a proxy that does not reach the server, or from a server that cannot serve. @param {number} status */
export function isFailure(status) {
  return GATEWAY_ERRORS.has(status);
}

/**
 * What an answer says to forget.
 *
 * @param {Purpose} purpose
 * @param {number} status
 * @returns {'everything' | 'document' | 'nothing'}
 */
export function forgottenAfter({ kind }, status) {
  if (status === 401) return 'everything';
  return kind === 'document' && LOST.has(status) ? 'document' : 'nothing';
}

/**
 * A page of the kept set with its values; what depends on who asks is hidden unless a value says
 * otherwise.
 *
 * @param {string} template
 * @param {Record<string, string>} values
 */
export function filled(template, values) {
  return template.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => {
    const name = braced ?? bare;
    return values[name] === undefined ? (name.startsWith('if_') ? 'hidden' : '') : values[name];
  });
}

/** @param {string} text */
export function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
