// Printing: a textarea prints only its visible part, so a copy of the whole text is printed instead.

import { byId } from '../ui/dom.js';

/** @param {() => string} text */
export function printWhole(text) {
  const copy = byId('printed', HTMLElement);
  addEventListener('beforeprint', () => {
    copy.textContent = text();
  });
  addEventListener('afterprint', () => {
    copy.textContent = '';
  });
}
