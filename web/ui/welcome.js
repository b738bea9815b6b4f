// The card over a new document: what to do first, and its link. The first key hides it for good in
// this browser. It is also hidden while others are here, and while the connection is lost.

import { byId } from './dom.js';
import { hasSeen, markSeen } from './storage.js';

/**
 * Show the card, or remove it.
 *
 * @param {boolean} isEmpty whether there is no text
 * @param {boolean} isAlone whether the user is connected, and nobody else is here
 * @param {() => void} focusEditor called when the focus was in the card
 */
export function showWelcome(isEmpty, isAlone, focusEditor) {
  const card = byId('welcome', HTMLElement);
  const isDue = isEmpty && isAlone;
  if (card.hidden !== isDue || (isDue && hasSeen('welcome'))) return;
  const hadFocus = card.contains(document.activeElement);
  card.hidden = !isDue;
  if (!isEmpty) markSeen('welcome');
  if (hadFocus) focusEditor();
}
