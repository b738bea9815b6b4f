// Marked runs of text as elements of the page.

import { shown } from '../text/endings.js';
import { spoken, visible } from '../text/marks.js';

/** What is marked is also said, and a change of blanks can be seen. @param {import('../text/marks.js').Run} run */
export function nodeOf({ kind, text }) {
  if (kind === 'same') return document.createTextNode(shown(text));
  const element = document.createElement(kind === 'added' ? 'ins' : 'del');
  const isBlank = !/\S/.test(text);
  element.append(span('said', isBlank ? `[${kind} ${spoken(text)}]` : `[${kind}] `));
  const words = span('', isBlank ? visible(text) : shown(text));
  words.ariaHidden = isBlank ? 'true' : null;
  element.append(words);
  return element;
}

/** @param {string} className @param {string} text */
export function span(className, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}
