// One hunk in the dialog: the original, each side with its changes marked, and the lines around.

import { shown } from '../text/endings.js';
import { marked, spoken, visible } from '../text/marks.js';
import { byId } from '../ui/dom.js';
import { hunkContext } from './hunk_context.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Hunks} Hunks */
/** @typedef {import('./hunk_context.js').Part} Part */
/** @typedef {'base' | 'ours' | 'theirs'} Side */

const PANES = /** @type {const} */ ({
  base: 'base-text',
  theirs: 'theirs-text',
  ours: 'ours-text',
});
const LONG_LINES = 6;
const AROUND_MAX = 160;
const narrow = matchMedia('(max-width: 36rem)');

/** @param {Hunks} conflict @param {number} index */
export function showHunk(conflict, index) {
  const hunk = /** @type {Hunk} */ (conflict.hunks[index]);
  const around = hunkContext(conflict, index);
  byId('context-above', HTMLElement).textContent = linesOf(around.above, conflict.hunks);
  byId('context-below', HTMLElement).textContent = linesOf(around.below, conflict.hunks);
  for (const [side, id] of /** @type {[Side, string][]} */ (Object.entries(PANES))) {
    const [before, after] = [textOf(around.before, side), textOf(around.after, side)];
    byId(id, HTMLElement).replaceChildren(
      span('around', lastOf(before)),
      hunkOf(hunk, side),
      span('around', firstOf(after)),
    );
  }
}

/** Fold the original where it would push the choice out of sight. @param {Hunk} hunk */
export function foldBase({ base }) {
  const isLong = base.split('\n').length > LONG_LINES || base.length > LONG_LINES * 50;
  byId('before-both', HTMLDetailsElement).open = !(narrow.matches && isLong);
}

/** A run of marked text; marks are also read out, and changed whitespace is made visible. @param {import('../text/marks.js').Run} run */
export function nodeOf({ kind, text }) {
  if (kind === 'same') return document.createTextNode(shown(text));
  const element = document.createElement(kind === 'added' ? 'ins' : 'del');
  const isBlank = !/\S/.test(text);
  element.append(span('sr-only', isBlank ? `[${kind} ${spoken(text)}]` : `[${kind}] `));
  const words = span('', isBlank ? visible(text) : shown(text));
  words.ariaHidden = isBlank ? 'true' : null;
  element.append(words);
  return element;
}

/** @param {string} className @param {string} text */
function span(className, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}

/** @param {Hunk} hunk @param {Side} side */
function hunkOf(hunk, side) {
  const element = span('hunk', '');
  const text = hunk[side];
  if (text === '') element.append(span('nothing', side === 'base' ? '(nothing)' : '(deleted)'));
  else if (side === 'base') element.append(/\S/.test(text) ? shown(text) : visible(text));
  else element.append(...marked(hunk.base, text).map(nodeOf));
  return element;
}

/** The text of one side, which has its own words in other hunks as well. @param {Part[]} parts @param {Side} side */
function textOf(parts, side) {
  return shown(parts.map((part) => (typeof part === 'string' ? part : part[side])).join(''));
}

/** @param {Part[]} parts @param {readonly Hunk[]} hunks */
function linesOf(parts, hunks) {
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : `[conflict ${hunks.indexOf(part) + 1}]`,
  );
  return shown(texts.join('')).replace(/\n$/, '');
}

/** @param {string} text */
function lastOf(text) {
  return text.length > AROUND_MAX ? `…${text.slice(-AROUND_MAX)}` : text;
}

/** @param {string} text */
function firstOf(text) {
  return text.length > AROUND_MAX ? `${text.slice(0, AROUND_MAX)}…` : text;
}
