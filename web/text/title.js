// The title of a document: its first line with a word in it. Pure; the twin of server/core/titles.py.

const CHARACTERS_MAX = 60;
// Where a word is looked for, and how much of its line counts before and after it.
const LOOKED_AT = 100_000;
const [BEFORE, AFTER] = [200, 1000];
const WORD = /[\p{L}\p{N}\p{So}]/u;
const ENDS = /[ ,;:]+$/;

/**
 * The first line with a letter, a digit or a pictogram, without the `#` of a heading and a comma or
 * colon at its end, cut at 60 characters; '' if there is none.
 *
 * @param {string} text
 */
export function titleOf(text) {
  const at = text.slice(0, LOOKED_AT).search(WORD);
  if (at < 0) return '';
  const start = Math.max(text.lastIndexOf('\n', at), text.lastIndexOf('\r', at)) + 1;
  const [line = ''] = text.slice(Math.max(start, at - BEFORE), at + AFTER).split(/[\r\n]/, 1);
  const words = line.replace(/\s+/g, ' ').trim().replace(/^#+/, '').trimStart();
  const characters = [...words];
  if (characters.length <= CHARACTERS_MAX) return words.replace(ENDS, '');
  const cut = characters.slice(0, CHARACTERS_MAX - 1).join('');
  return `${cut.replace(ENDS, '')}…`;
}
