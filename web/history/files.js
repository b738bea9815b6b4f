// Loads what the history needs and the page does not have: its elements, its style sheet, and the
// text of an old revision.

/** Add a part of the page behind its text, once its styles are there. @param {string} address @param {string} styles */
export async function fragment(address, styles) {
  const [html] = await Promise.all([textAt(address), styleSheet(styles)]);
  document.querySelector('main')?.insertAdjacentHTML('afterend', html);
}

/** The text at a revision, exactly. @param {string} document its name @param {string} revision */
export function textOf(document, revision) {
  return textAt(`../d/${document}/raw?revision=${revision}`);
}

/** Add a style sheet to the page. @param {string} address */
export function styleSheet(address) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = address;
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
}

/** @param {string} address @throws {Error} if it cannot be loaded */
async function textAt(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  // Not `text()`, which removes a byte order mark.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
}
