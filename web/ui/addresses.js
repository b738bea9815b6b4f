// Addresses of this server, below which it may be at a path. Pure.

/** The start page's, relative to that of a document's page. @param {string} document its name */
export function rootFrom(document) {
  return '../'.repeat(document.split('/').length);
}
