// The seam between the document's line endings and the textarea's, which knows only LF: a document
// with CRLF (or some of each) keeps every ending that nobody touched. Pure; offsets are those of
// JavaScript's strings.

import { diffSplicesInUnits } from './diff_splices.js';
import { applyUnits } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */

/** The text as a textarea shows it. @param {string} text */
export function shown(text) {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** The ending that new lines get. @param {string} text */
export function endingOf(text) {
  const crlf = text.split('\r\n').length - 1;
  return crlf > 0 && crlf * 2 >= text.split('\n').length - 1 ? '\r\n' : '\n';
}

/** Give an LF text the endings of a document. @param {string} typed @param {string} text */
export function withEndings(typed, text) {
  const ending = endingOf(text);
  return ending === '\n' ? typed : typed.replaceAll('\n', ending);
}

/**
 * The document after the user changed what is shown of it.
 *
 * @param {string} text the document before
 * @param {string} value what the textarea holds now
 */
export function afterTyping(text, value) {
  if (!text.includes('\r')) return value;
  const changes = diffSplicesInUnits(shown(text), value);
  const offsetOf = offsets(text);
  const splices = changes.map(([start, deleted, inserted]) => {
    const from = offsetOf(start);
    return /** @type {Splice} */ ([
      from,
      offsetOf(start + deleted) - from,
      withEndings(inserted, text),
    ]);
  });
  return applyUnits(text, splices);
}

/**
 * Where in the text something stands that is shown at an offset.
 *
 * @param {string} text
 * @param {number} offset
 */
export function offsetInText(text, offset) {
  return text.includes('\r') ? offsets(text)(offset) : offset;
}

/** From offsets in what is shown, which only grow, to those in the text. @param {string} text */
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
