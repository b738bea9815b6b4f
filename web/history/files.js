// Loads the text of an old revision.

import { rootFrom } from '../ui/addresses.js';
import { textAt } from '../ui/loading.js';

/** The text at a revision, exactly. @param {string} document its name @param {string} revision */
export function textOf(document, revision) {
  return textAt(`${rootFrom(document)}d/${document}/raw?revision=${revision}`);
}
