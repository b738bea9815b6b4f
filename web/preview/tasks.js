// The tasks of a Markdown text, `- [ ] to do`, and the edit that ticks one. Pure.
//
// The parser says that a task is there, and on which line: it takes lists within lists out of their
// indentation, but leaves the lines as they are. Where the box stands on its line is looked up.

/** @typedef {import('marked').Token} Token */
/**
 * @typedef {{offset: number, isDone: boolean}} Task offset: of the character between the brackets, from
 *   the start of the block; -1 if it is not known, and the task cannot be ticked
 */

const BOX = /(?<=(?:[-+*]|\d[.)])[ \t]+)\[([ xX])\](?=\s)/g;

/** The tasks of a block, in their order. @param {Token} token of the parser @returns {Task[]} */
export function tasksOf(token) {
  if (token.type !== 'list' && token.type !== 'blockquote') return [];
  const found = [...boxesIn(token, 0)];
  if (found.length === 0) return [];
  const lines = linesOf(token.raw);
  return found.map(({ line, isDone }) => {
    const { start, boxes } = lines[line] ?? { start: 0, boxes: [] };
    const box = boxes.shift();
    const isSame = box !== undefined && (box[1] !== ' ') === isDone;
    return { offset: isSame ? start + box.index + 1 : -1, isDone };
  });
}

/**
 * The edit that ticks a task, or the other way round, as a splice in UTF-16; null if no such task is
 * there any more.
 *
 * @param {string} text
 * @param {number} offset of the character between the brackets
 * @param {boolean} isDone what it shall be
 * @returns {import('../text/splices.js').Splice | null}
 */
export function tick(text, offset, isDone) {
  const isThere = text[offset - 1] === '[' && text[offset + 1] === ']';
  const isOther = isDone ? text[offset] === ' ' : /[xX]/.test(text[offset] ?? '');
  return isThere && isOther ? [offset, 1, isDone ? 'x' : ' '] : null;
}

/**
 * @param {any} token
 * @param {number} first its first line
 * @returns {Generator<{line: number, isDone: boolean}>}
 */
function* boxesIn(token, first) {
  if (token.type === 'checkbox') yield { line: first, isDone: token.checked };
  let line = first;
  for (const part of token.items ?? token.tokens ?? []) {
    yield* boxesIn(part, line);
    line += part.raw.split('\n').length - 1;
  }
}

/** @param {string} raw */
function linesOf(raw) {
  let start = 0;
  return raw.split('\n').map((line) => {
    const found = { start, boxes: [...line.matchAll(BOX)] };
    start += line.length + 1;
    return found;
  });
}
