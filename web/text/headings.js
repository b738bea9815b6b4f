// The headings of a text in Markdown, by the names that GitHub gives their places. Pure; offsets are
// UTF-16, line breaks LF.

import { Slugs } from './slugs.js';

/** @typedef {{slug: string, start: number, end: number}} Heading end: before the line break */

const FENCE = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
const ATX = /^ {0,3}#{1,6}(?![^ \t])/;
const ATX_END = /(?:^|[ \t])#+$/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const NO_PARAGRAPH = /^(?: {4}|\t| {0,3}(?:[-+*>]|\d{1,9}[.)])(?:[ \t]|$)| {0,3}>|[ \t]*$)/;
// A longer title is cut: anyone may have written the text.
const TITLE_MAX = 300;

/** @param {string} text @returns {Heading[]} */
export function headingsIn(text) {
  const slugs = new Slugs();
  /** @type {Heading[]} */
  const headings = [];
  /** @type {string | null} */
  let fence = null;
  /** @type {number | null} */
  let paragraph = null; // its start
  let start = 0;
  for (const line of text.split('\n')) {
    const end = start + line.length;
    const mark = FENCE.exec(line)?.[1] ?? null;
    /** @type {number | null} */
    const before = paragraph;
    paragraph = null;
    if (fence !== null) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = null;
    } else if (mark !== null) {
      fence = mark;
    } else if (ATX.test(line)) {
      const title = line.replace(ATX, '').trim().replace(ATX_END, '');
      headings.push({ slug: slugs.of(plain(title)), start, end });
    } else if (before !== null && UNDERLINE.test(line)) {
      const title = text.slice(before, start);
      headings.push({ slug: slugs.of(plain(title)), start: before, end });
    } else if (before === null ? !NO_PARAGRAPH.test(line) : line.trim() !== '') {
      paragraph = before ?? start;
    }
    start = end + 1;
  }
  return headings;
}

/** The words of a title as far as they matter for its name: without links, tags and emphasis by `_`. @param {string} title */
function plain(title) {
  return title
    .slice(0, TITLE_MAX)
    .split(/(`+[^`]+`+)/) // text, code, text, ...
    .map((part, index) => (index % 2 === 0 ? withoutMarks(part) : part))
    .join('')
    .replace(/\s+/g, ' ');
}

/** @param {string} words */
function withoutMarks(words) {
  return words
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/(?<![\p{L}\p{N}])(_+)(\S|\S.*?\S)\1(?![\p{L}\p{N}])/gu, '$2');
}
