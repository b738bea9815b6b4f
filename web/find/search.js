// Searches a text, and computes what replaces the matches. Pure, and without a limit of time: it runs in
// a worker, which can be ended. Offsets are UTF-16.

import { expressionOf, reasonOf, replacementFor } from './query.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {import('./query.js').Query} Query */
/**
 * @typedef {{query: Query, template?: string, only?: number}} Task template: replace the matches by this;
 *   only: the one that starts there
 * @typedef {{starts: Uint32Array<ArrayBuffer>, ends: Uint32Array<ArrayBuffer>}} Found in ascending order
 * @typedef {{kind: 'found'} & Found} FoundAnswer
 * @typedef {{kind: 'replaced', splices: Splice[], count: number}} ReplacedAnswer
 * @typedef {{kind: 'wrong', reason: string}} WrongAnswer the words are no regular expression
 * @typedef {{kind: 'large'}} LargeAnswer the text would become too large
 * @typedef {FoundAnswer | ReplacedAnswer | WrongAnswer | LargeAnswer} Answer
 */

// No document may be that large.
const RESULT_MAX = 16_000_000;
// More are joined: the undo history carries each of them through everything that others write.
const SPLICES_MAX = 5_000;

/** @param {string} text @param {Task} task @returns {Answer} */
export function answerTo(text, { query, template, only }) {
  let expression;
  try {
    expression = expressionOf(query);
  } catch (problem) {
    return { kind: 'wrong', reason: reasonOf(/** @type {Error} */ (problem)) };
  }
  if (template === undefined) return { kind: 'found', ...matchesIn(text, expression) };
  const put = (/** @type {RegExpExecArray} */ match) =>
    query.isExpression ? replacementFor(template, match) : template;
  return replaced(text, matches(text, expression, only), put);
}

/** @param {string} text @param {RegExp} expression @returns {Found} */
function matchesIn(text, expression) {
  /** @type {[starts: number[], ends: number[]]} */
  const [starts, ends] = [[], []];
  for (const { index, 0: words } of matches(text, expression)) {
    starts.push(index);
    ends.push(index + words.length);
  }
  return { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

/**
 * @param {string} text
 * @param {RegExp} expression with the flags `g` and `u`
 * @param {number} [only]
 * @returns {Iterable<RegExpExecArray>}
 */
function matches(text, expression, only) {
  if (only === undefined) return text.matchAll(expression);
  expression.lastIndex = only;
  const match = expression.exec(text);
  return match?.index === only ? [match] : [];
}

/**
 * @param {string} text
 * @param {Iterable<RegExpExecArray>} found
 * @param {(match: RegExpExecArray) => string} put
 * @returns {Answer}
 */
function replaced(text, found, put) {
  /** @type {Splice[]} */
  const splices = [];
  let size = text.length;
  for (const match of found) {
    const [words] = match;
    const inserted = put(match);
    size += inserted.length - words.length;
    if (size > RESULT_MAX) return { kind: 'large' };
    if (inserted !== words) splices.push([match.index, words.length, inserted]);
  }
  return { kind: 'replaced', splices: joined(text, splices), count: splices.length };
}

/** Fewer splices with the same result. @param {string} text @param {Splice[]} splices */
function joined(text, splices) {
  const each = Math.ceil(splices.length / SPLICES_MAX);
  if (each <= 1) return splices;
  /** @type {Splice[]} */
  const result = [];
  for (let from = 0; from < splices.length; from += each) {
    const group = splices.slice(from, from + each);
    const [start] = /** @type {Splice} */ (group[0]);
    let [end, inserted] = [start, ''];
    for (const [at, deleted, put] of group) {
      inserted += text.slice(end, at) + put;
      end = at + deleted;
    }
    result.push([start, end - start, inserted]);
  }
  return result;
}
