// The title of a document: its first line with a word in it. Pure; the twin of server/core/titles.py.

const CHARACTERS_MAX = 60;
const LINE = /[^\r\n]*/y;
const WORD = /[\p{L}\p{N}\p{So}]/u;

/**
 * The first line with a letter, a digit or a pictogram, without the `#` of a heading and cut at 60
 * characters; '' if there is none.
 *
 * @param {string} text
 */
export function titleOf(text) {
  for (let at = 0; at < text.length; at = LINE.lastIndex + 1) {
    LINE.lastIndex = at;
    const line = LINE.exec(text)?.[0] ?? '';
    if (WORD.test(line)) return cut(line.trimStart().replace(/^#+/, ''));
  }
  return '';
}

/** @param {string} line */
function cut(line) {
  const words = line.trim().replace(/\s+/g, ' ');
  const characters = [...words.slice(0, 2 * CHARACTERS_MAX + 2)];
  if (characters.length <= CHARACTERS_MAX) return words;
  return `${characters
    .slice(0, CHARACTERS_MAX - 1)
    .join('')
    .trimEnd()}…`;
}
