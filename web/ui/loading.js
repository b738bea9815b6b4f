// Loads what only some pages need, when they need it: texts, style sheets and elements.

import { say } from '../text/say.js';
import { RefusedError } from './answers.js';

/** Add a style sheet to the page. @param {string} address */
export function styleSheet(address) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = address;
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
}

/** Add a part of the page behind its text, once its styles are there. @param {string} address @param {string} styles */
export async function fragment(address, styles) {
  const [html] = await Promise.all([textAt(address), styleSheet(styles)]);
  document.querySelector('main')?.insertAdjacentHTML('afterend', html);
}

/** The text at an address. @param {string} address @throws {Error} if it cannot be loaded */
export async function textAt(address) {
  const response = await fetch(address);
  if (response.status === 401) throw new RefusedError(say('accessEnded'), 401);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  // Not `text()`, which removes a byte order mark.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
}
