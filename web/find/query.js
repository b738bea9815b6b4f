// What is looked for, as a regular expression, and what is put in its place. Pure.

/**
 * @typedef {{words: string, isExpression: boolean, isCaseMatched: boolean, isWholeWord: boolean}} Query
 *   isExpression: whether the words are a regular expression of JavaScript
 */

const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;
const WORD = '[\\p{L}\\p{M}\\p{N}_]';
const TOKENS = /\\[nt\\]|\$(?:[$&]|\d{1,2}|<[^>]*>)/g;
/** @type {Record<string, string>} */
const CHARACTERS = { '\\n': '\n', '\\t': '\t', '\\\\': '\\', $$: '$' };

/**
 * The expression that finds all matches, which never begin or end within a character.
 *
 * @param {Query} query
 * @throws {SyntaxError} if the words are no regular expression; `reasonOf` has the reason
 */
export function expressionOf({ words, isExpression, isCaseMatched, isWholeWord }) {
  const source = isExpression ? words : words.replace(SYNTAX, '\\$&');
  const flags = isCaseMatched ? 'gmu' : 'gimu';
  const expression = new RegExp(source, flags); // `a)|(b` is wrong, also between other parentheses
  if (!isWholeWord) return expression;
  return new RegExp(`(?<!${WORD})(?:${source})(?!${WORD})`, flags);
}

/** The reason at the end of a browser's message about a wrong expression. @param {Error} problem */
export function reasonOf({ message }) {
  const reason = message.slice(message.lastIndexOf(': ') + 1).trim();
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}

/**
 * What takes the place of a match. For an expression, `$1`, `$<name>` and `$&` stand for what was found,
 * as in JavaScript, and `\n` and `\t` for a new line and a tab.
 *
 * @param {string} template
 * @param {RegExpExecArray} match
 */
export function replacementFor(template, match) {
  return template.replace(TOKENS, (token) => CHARACTERS[token] ?? partOf(token, match) ?? token);
}

/** @param {string} token @param {RegExpExecArray} match */
function partOf(token, match) {
  const name = token.slice(1);
  if (name === '&') return match[0];
  if (name.startsWith('<')) return match.groups && (match.groups[name.slice(1, -1)] ?? '');
  if (Number(name) > 0 && Number(name) < match.length) return match[Number(name)] ?? '';
  const first = Number(name[0]); // of two digits, when there are not that many groups
  return first > 0 && first < match.length ? `${match[first] ?? ''}${name.slice(1)}` : null;
}
