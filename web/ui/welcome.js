// The card over a new document: what to do first, and its link. It goes with the first key, and does
// not come back in this browser.

import { byId } from './dom.js';
import { hasSeen, markSeen } from './storage.js';

/** Show the card, or remove it. @param {boolean} isNew whether the text is empty and nobody else is here */
export function showWelcome(isNew) {
  const card = byId('welcome', HTMLElement);
  if (isNew && !hasSeen('welcome')) card.hidden = false;
  else if (!isNew && !card.hidden) {
    card.hidden = true;
    markSeen('welcome');
  }
}
