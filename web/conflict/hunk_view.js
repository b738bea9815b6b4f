// What the dialog shows of one hunk: the words before both changes, each side's with what changed
// in them, and the lines around.

import { shown } from '../text/endings.js';
import { marked, visible } from '../text/marks.js';
import { byId } from '../ui/dom.js';
import { hunkContext } from './hunk_context.js';
import { nodeOf, span } from './marked_nodes.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Hunks} Hunks */
/** @typedef {import('./hunk_context.js').Part} Part */
/** @typedef {'base' | 'ours' | 'theirs'} Side */

const PANES = /** @type {const} */ ({ base: 'base-text', theirs: 'my-text', ours: 'their-text' });
const LONG_LINES = 6;
const AROUND_MOST = 160;
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

/** What was there before is closed where it would push the choice out of sight. @param {Hunk} hunk */
export function foldBase({ base }) {
  const isLong = base.split('\n').length > LONG_LINES || base.length > LONG_LINES * 50;
  byId('before-both', HTMLDetailsElement).open = !(narrow.matches && isLong);
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

/** Each side has words of its own at the other hunks, too. @param {Part[]} parts @param {Side} side */
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
  return text.length > AROUND_MOST ? `…${text.slice(-AROUND_MOST)}` : text;
}

/** @param {string} text */
function firstOf(text) {
  return text.length > AROUND_MOST ? `${text.slice(0, AROUND_MOST)}…` : text;
}
