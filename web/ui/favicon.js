// The state of the text in the browser's tab: by the shape of the icon, and in words in the title.

import { byId } from './dom.js';

/** @typedef {'saved' | 'busy' | 'offline' | 'conflict' | 'unsaved'} PageState */

/** @type {Record<PageState, [icon: string, before: string]>} */
const SHOWN = {
  saved: ['favicon', ''],
  busy: ['favicon-busy', ''],
  offline: ['favicon-offline', '● Offline – '],
  conflict: ['favicon-conflict', '● Conflict – '],
  unsaved: ['favicon-conflict', '● Not saved – '],
};

/**

 * @param {PageState} state busy: saving takes unusually long
 * @param {string} name of the document
 */
export function showState(state, name) {
  const icon = byId('icon', HTMLLinkElement);
  const address = `/static/pages/${SHOWN[state][0]}.svg`;
  if (icon.getAttribute('href') !== address) icon.setAttribute('href', address);
  const title = titleOf(state, name);
  if (document.title !== title) document.title = title;
}

/** @param {PageState} state @param {string} name */
export function titleOf(state, name) {
  return `${SHOWN[state][1]}${name} – GollabEdit`;
}
