// The state of the text in the browser's tab: by the shape of the icon, and in words in the title.

import { say } from '../text/say.js';
import { byId, set } from './dom.js';

/** @typedef {'saved' | 'busy' | 'offline' | 'conflict' | 'unsaved'} PageState */

/** @type {Record<PageState, [icon: string, before: import('../text/say.js').SentenceName | null]>} */
const SHOWN = {
  saved: ['favicon', null],
  busy: ['favicon-busy', null],
  offline: ['favicon-offline', 'offline'],
  conflict: ['favicon-conflict', 'conflict'],
  unsaved: ['favicon-conflict', 'notSaved'],
};

/**
 * @param {PageState} state busy: saving takes unusually long
 * @param {string} title of the document
 */
export function showInTab(state, title) {
  const icon = byId('icon', HTMLLinkElement);
  const { href } = new URL(`../pages/${SHOWN[state][0]}.svg`, import.meta.url);
  set(icon, 'href', href);
  const words = tabTitle(state, title);
  set(document, 'title', words);
}

/** @param {PageState} state @param {string} title */
export function tabTitle(state, title) {
  const [, before] = SHOWN[state];
  return `${before ? `● ${say(before)} – ` : ''}${title} – GollabEdit`;
}
