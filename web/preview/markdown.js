// A Markdown text as blocks: the HTML of each, still to be cleaned, and where it stands in the text. A
// block whose HTML is the same needs no new elements. Pure.

import { tasksOf } from './tasks.js';

/**
 * @typedef {typeof import('../vendor/marked.js')} Marked
 * @typedef {import('./tasks.js').Task} Task
 * @typedef {{length: number, html: string, tasks: Task[]}} Block length: of its part of the text; the
 *   lengths add up to the text's. A checkbox in the HTML is a task, in the same order, and is not
 *   checked.
 */

// How far the end of an HTML element is looked for, in tokens.
const LOOKED_AT = 1000;

/**
 * The blocks of a text.
 *
 * @param {Marked} marked
 * @param {string} text with LF line ends
 */
export function blocksOf(marked, text) {
  const parser = parserOf(marked);
  const tokens = marked.Lexer.lex(text, { gfm: true });
  /** @type {Block[]} */
  const blocks = [];
  let until = 0; // the tokens before belong to the block before them
  tokens.forEach((token, index) => {
    const block = { length: token.raw.length, html: parser.parse([token]), tasks: tasksOf(token) };
    const last = blocks.at(-1);
    // Empty lines and definitions of links show nothing.
    if (last && (index < until || block.html === '')) append(last, block);
    else blocks.push(block);
    if (index >= until) until = endOf(tokens, index);
  });
  return blocks;
}

/** @param {Block} block @param {Block} next */
function append(block, { length, html, tasks }) {
  const moved = tasks.map((it) =>
    it.offset < 0 ? it : { ...it, offset: it.offset + block.length },
  );
  block.tasks.push(...moved);
  block.html += html;
  block.length += length;
}

/**
 * The end of the tokens that make one block with that at `index`: an HTML element may contain Markdown,
 * as `<details>` does. One that is never closed ends with its token.
 *
 * @param {readonly import('marked').Token[]} tokens
 * @param {number} index
 */
function endOf(tokens, index) {
  let open = 0;
  const last = Math.min(tokens.length, index + LOOKED_AT);
  for (let at = index; at < last; at++) {
    const token = tokens[at];
    if (token?.type === 'html') open += openedBy(token.raw);
    if (open <= 0) return at + 1;
  }
  return index + 1;
}

/** How many more elements with content a piece of HTML opens than it closes. @param {string} html */
function openedBy(html) {
  const tags = html.match(/<\/?(?:details|div|blockquote|figure|ul|ol|dl|table)\b/gi) ?? [];
  return tags.reduce((open, tag) => open + (tag[1] === '/' ? -1 : 1), 0);
}

/** @param {Marked} marked */
function parserOf({ Parser, Renderer }) {
  const renderer = new Renderer();
  renderer.checkbox = () => '<input type="checkbox"> ';
  // Only a task is a checkbox: there are no others, or the two lists would not match.
  renderer.html = ({ text }) => text.replace(/<(?=\/?input)/gi, '&lt;');
  return new Parser({ gfm: true, renderer });
}
