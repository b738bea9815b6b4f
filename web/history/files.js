// Loads what the history needs and the page does not have: its elements, its style sheet, and the
// text of an old revision.

import { styleSheet, textAt } from '../ui/loading.js';

/** Add a part of the page behind its text, once its styles are there. @param {string} address @param {string} styles */
export async function fragment(address, styles) {
  const [html] = await Promise.all([textAt(address), styleSheet(styles)]);
  document.querySelector('main')?.insertAdjacentHTML('afterend', html);
}

/** The text at a revision, exactly. @param {string} document its name @param {string} revision */
export function textOf(document, revision) {
  return textAt(`../d/${document}/raw?revision=${revision}`);
}
