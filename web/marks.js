// A text with the words marked that differ from another: elements for the page.

import { diff, words } from './diff.js';

/** @typedef {{text: string, isChanged: boolean}} Run */

/**
 * @param {string} before
 * @param {string} after
 * @returns {Run[]} `after`, with what is new in it marked
 */
export function marked(before, after) {
  const parts = words(after);
  /** @type {Run[]} */
  const runs = [];
  let position = 0;
  const add = (/** @type {number} */ end, /** @type {boolean} */ isChanged) => {
    const text = parts.slice(position, end).join('');
    if (text) runs.push({ text, isChanged });
    position = end;
  };
  for (const { newStart, newEnd } of diff(words(before), parts)) {
    add(newStart, false);
    add(newEnd, true);
  }
  add(parts.length, false);
  return runs;
}

/** Runs as nodes. What is marked is also said, and a change of blanks can be seen. @param {Run[]} runs */
export function nodesOf(runs) {
  return runs.map(({ text, isChanged }) => {
    if (!isChanged) return document.createTextNode(text);
    const element = document.createElement('ins');
    const said = document.createElement('span');
    said.className = 'said';
    said.textContent = '[added] ';
    element.append(said, /\S/.test(text) ? text : visible(text));
    return element;
  });
}

/** @param {string} blanks */
function visible(blanks) {
  return blanks.replaceAll(' ', '·').replaceAll('\t', '⇥').replace(/\r?\n/g, '⏎\n');
}
