// The tab of the page tells how the text is doing: by the icon's shape, and in the title's words.

import { byId } from './dom.js';

/** @typedef {'saved' | 'busy' | 'offline' | 'conflict'} PageState */

/** @type {Record<PageState, string>} */
const BEFORE = {
  saved: '',
  busy: '',
  offline: '● Offline - ',
  conflict: '● Your choice is needed - ',
};

/**
 * `busy` is for what takes long: an icon that changes at every letter only disturbs.
 *
 * @param {PageState} state
 * @param {string} name of the document
 */
export function showState(state, name) {
  const icon = byId('icon', HTMLLinkElement);
  const address = state === 'saved' ? '/static/favicon.svg' : `/static/favicon-${state}.svg`;
  if (icon.getAttribute('href') !== address) icon.setAttribute('href', address);
  const title = titleOf(state, name);
  if (document.title !== title) document.title = title;
}

/** @param {PageState} state @param {string} name */
export function titleOf(state, name) {
  return `${BEFORE[state]}${name} - GollabEdit`;
}
