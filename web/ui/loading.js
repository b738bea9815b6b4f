// Loads what only some pages need, when they need it: texts, style sheets and elements.

import { say } from '../text/say.js';
import { RefusedError } from './answers.js';

/** The address of one of the page's files. @param {string} file its path in the folder of them all */
export function fileAt(file) {
  return new URL(`../${file}`, import.meta.url).href;
}

/** Add a style sheet to the page. @param {string} file */
export function styleSheet(file) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = fileAt(file);
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
}

/** Add a part of the page behind its text, once its styles are there. @param {string} file @param {string} styles */
export async function fragment(file, styles) {
  const [html] = await Promise.all([textAt(fileAt(file)), styleSheet(styles)]);
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
