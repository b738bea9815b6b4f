// Converts between the document's line endings and those of the textarea, which has only LF. A
// document with CRLF or mixed endings keeps every ending that the user did not edit. Pure; offsets
// are UTF-16.

import { diffSplicesInUnits } from './diff_splices.js';
import { applyUnits } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */

/** The text as a textarea shows it. @param {string} text */
export function shown(text) {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** The ending for new lines: the most frequent one. @param {string} text */
export function endingOf(text) {
  const crlf = text.split('\r\n').length - 1;
  return crlf > 0 && crlf * 2 >= text.split('\n').length - 1 ? '\r\n' : '\n';
}

/** Convert LF in a typed text to the endings of the document. @param {string} typed @param {string} text */
export function withEndings(typed, text) {
  return typed.includes('\n') ? typed.replaceAll('\n', endingOf(text)) : typed;
}

/**
 * The document's text after an edit in the textarea.
 *
 * @param {string} text the document's text before
 * @param {string} value the new value of the textarea
 */
export function afterTyping(text, value) {
  if (!text.includes('\r')) return value;
  return applyUnits(text, splicesInText(text, diffSplicesInUnits(shown(text), value)));
}

/** Splices of the textarea's value as those of the text. @param {string} text @param {readonly Splice[]} splices */
export function splicesInText(text, splices) {
  if (!text.includes('\r')) return splices;
  const offsetOf = offsets(text);
  return splices.map(([start, deleted, inserted]) => {
    const from = offsetOf(start);
    return /** @type {Splice} */ ([
      from,
      offsetOf(start + deleted) - from,
      withEndings(inserted, text),
    ]);
  });
}

/**
 * Map an offset of the textarea to the text.
 *
 * @param {string} text
 * @param {number} offset
 */
export function offsetInText(text, offset) {
  return text.includes('\r') ? offsets(text)(offset) : offset;
}

/** Returns a mapping from offsets of the textarea to the text, for offsets in ascending order. @param {string} text */
function offsets(text) {
  let [inText, inShown] = [0, 0];
  return (/** @type {number} */ offset) => {
    while (inShown < offset) {
      inText += text[inText] === '\r' && text[inText + 1] === '\n' ? 2 : 1;
      inShown++;
    }
    return inText;
  };
}
