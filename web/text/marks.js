// The differences between two texts, word by word, for display. Pure.

import { diff, words } from './diff.js';
import { say } from './say.js';

/** @typedef {{kind: 'same' | 'added' | 'removed', text: string}} Run */

// With a larger share of changes than this, marking single words is not helpful.
const REWRITTEN = 0.7;
const UNCHANGED_SHOWN = 200;

/**
 * @param {string} before
 * @param {string} after
 * @returns {Run[]} `after` with its additions and removals marked; one addition if most of it changed
 */
export function marked(before, after) {
  const [old, parts] = [words(before), words(after)];
  /** @type {Run[]} */
  const runs = [];
  const add = (/** @type {Run['kind']} */ kind, /** @type {string[]} */ run) => {
    if (run.length > 0) runs.push({ kind, text: run.join('') });
  };
  let position = 0;
  for (const { start, end, newStart, newEnd } of diff(old, parts)) {
    add('same', parts.slice(position, newStart));
    add('removed', old.slice(start, end));
    add('added', parts.slice(newStart, newEnd));
    position = newEnd;
  }
  add('same', parts.slice(position));
  if (!isRewritten(runs)) return runs;
  return after ? [{ kind: 'added', text: after }] : [];
}

/** @param {Run[]} runs */
function isRewritten(runs) {
  let [changed, all] = [0, 0];
  for (const { kind, text } of runs) {
    if (kind !== 'same') changed += text.length;
    all += kind === 'same' ? 2 * text.length : text.length;
  }
  return changed > all * REWRITTEN;
}

/** Shorten the unchanged parts, so that a few changed words in a long text are easy to find. @param {Run[]} runs */
export function abridged(runs) {
  return runs.map((run) => {
    const { kind, text } = run;
    if (kind !== 'same' || text.length <= 3 * UNCHANGED_SHOWN) return run;
    const [head, tail] = [text.slice(0, UNCHANGED_SHOWN), text.slice(-UNCHANGED_SHOWN)];
    return { ...run, text: `${head} […]\n\n[…] ${tail}` };
  });
}

/** Make spaces and line breaks visible. @param {string} text */
export function visible(text) {
  return text
    .replaceAll(' ', '·')
    .replaceAll('\u00a0', '⍽')
    .replaceAll('\t', '⇥')
    .replace(/(\r?)\n|\r/g, (end, isCrlf) => (end === '\n' ? '⏎\n' : isCrlf ? '␍⏎\n' : '␍\n'));
}

/** Describe spaces and line breaks for screen readers. @param {string} text */
export function spoken(text) {
  const ends = text.match(/\r?\n|\r/g)?.length ?? 0;
  const spaces = text.replace(/[\r\n]/g, '').length;
  return [
    spaces > 0 ? say('spaces', { count: spaces }) : '',
    ends > 0 ? say('lineBreaks', { count: ends }) : '',
  ]
    .filter(Boolean)
    .join(', ');
}
