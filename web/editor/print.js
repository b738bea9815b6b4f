// Printing: a textarea prints only what can be seen of it, so paper gets a copy of the whole text.

import { byId } from '../ui/dom.js';

/** @param {() => string} text what there is to print */
export function printWhole(text) {
  const copy = byId('printed', HTMLElement);
  addEventListener('beforeprint', () => {
    copy.textContent = text();
  });
  addEventListener('afterprint', () => {
    copy.textContent = '';
  });
}
