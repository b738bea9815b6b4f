// One hunk in the dialog: the line as it was, the line of each side with its changes marked, and the
// line that everyone will see.

import { shown } from '../text/endings.js';
import { marked, spoken, visible } from '../text/marks.js';
import { say } from '../text/say.js';
import { inUnits } from '../text/splices.js';
import { byId, setText } from '../ui/dom.js';
import { restOfLine } from './hunk_context.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Hunks} Hunks */

const AROUND_MAX = 160;

/** Show what was there, and both versions. @param {Hunks} conflict @param {number} index @param {number} line its number */
export function showHunk(conflict, index, line) {
  const hunk = /** @type {Hunk} */ (conflict.hunks[index]);
  showBase(hunk, line);
  for (const side of /** @type {const} */ (['theirs', 'ours'])) {
    byId(`${side}-text`, HTMLElement).replaceChildren(
      ...inLine(conflict, index, sideOf(hunk, side)),
    );
  }
}

/**
 * Show the line with the result in it.
 *
 * @param {Hunks} conflict
 * @param {number} index
 * @param {string | null} result null: none is chosen
 */
export function showOutcome(conflict, index, result) {
  const place = byId('outcome-text', HTMLElement);
  if (result === null) {
    place.replaceChildren(span('nothing', say('chooseFirst')));
    return;
  }
  const [before, after] = restOfLine(conflict, index);
  const isNothing = result === '';
  const words = isNothing
    ? span('nothing', before + after === '' ? say('willBeDeleted') : say('deleted'))
    : span('hunk', /\S/.test(result) ? shown(result) : visible(result));
  place.replaceChildren(...inLine(conflict, index, words));
}

/** A run of marked text; marks are also read out, and changed whitespace is made visible. @param {import('../text/marks.js').Run} run */
export function nodeOf({ kind, text }) {
  if (kind === 'same') return document.createTextNode(shown(text));
  const element = document.createElement(kind === 'added' ? 'ins' : 'del');
  const isBlank = !/\S/.test(text);
  const mark = say(kind === 'added' ? 'addedMark' : 'removedMark');
  element.append(span('sr-only', isBlank ? `[${mark} ${spoken(text)}]` : `[${mark}] `));
  const words = span('', isBlank ? visible(text) : shown(text));
  words.ariaHidden = isBlank ? 'true' : null;
  element.append(words);
  return element;
}

/** The line as it was before both changes; not the merged one, which may never have been. @param {Hunk} hunk @param {number} line */
function showBase({ base, base_lines: lines }, line) {
  const { text, start, end } = lines ?? { text: base, start: 0, end: [...base].length };
  const units = inUnits(text, [[start, end - start, '']]);
  const [from, length] = /** @type {[number, number, string]} */ (units[0]);
  const words = text.slice(from, from + length);
  const wasThere = text !== '' && words + base !== '';
  setText('base-label', say(wasThere ? 'lineWas' : 'newOnLine', { line }));
  byId('base-text', HTMLElement).replaceChildren(
    ...(wasThere
      ? [
          shown(text.slice(0, from)),
          span('hunk', /\S/.test(words) ? shown(words) : visible(words)),
          shown(text.slice(from + length)),
        ]
      : []),
  );
}

/** @param {Hunks} conflict @param {number} index @param {Node} words */
function inLine(conflict, index, words) {
  const [before, after] = restOfLine(conflict, index);
  return [shown(lastOf(before)), words, shown(firstOf(after))];
}

/** @param {string} className @param {string} text */
function span(className, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}

/** @param {Hunk} hunk @param {'ours' | 'theirs'} side */
function sideOf(hunk, side) {
  const element = span('', '');
  const text = hunk[side].replace(/\r?\n$/, '');
  if (hunk[side] === '') element.append(span('nothing', say('deleted')));
  else element.append(...marked(hunk.base.replace(/\r?\n$/, ''), text).map(nodeOf));
  return element;
}

/** @param {string} text */
function lastOf(text) {
  return text.length > AROUND_MAX ? `…${text.slice(-AROUND_MAX)}` : text;
}

/** @param {string} text */
function firstOf(text) {
  return text.length > AROUND_MAX ? `${text.slice(0, AROUND_MAX)}…` : text;
}
