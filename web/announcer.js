// What is said aloud by screen readers: the one polite live region of the page.

import { byId } from './dom.js';

/** Said once, also when it is the same sentence again. @param {string} text */
export function say(text) {
  const region = byId('announcement', HTMLElement);
  region.textContent = '';
  // Not the next frame: a window that is not in front gets none.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
