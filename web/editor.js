// The textarea as the rest of the page sees it: a text, a selection, and changes by others carried
// out under the user's hands. Positions outside are code points; inside, those of the textarea.
//
// It never locks the textarea and never replaces its value as a whole once there is one: that
// would lose the caret, the scroll position and what an input method is composing.

import { betweenUnits } from './between.js';
import { afterTyping, offsetInText, shown } from './endings.js';
import { apply, inUnits, mapPosition, pointAt } from './splices.js';

/** @typedef {import('./splices.js').Splice} Splice */
/**
 * @typedef {{typed: () => void, moved: () => void, composing: (isComposing: boolean) => void,
 *   undoRefused: () => void}} EditorListener
 */

const lengthInUnits = (/** @type {string} */ inserted) => inserted.length;

export class Editor {
  #area;
  #listener;
  #text = '';
  #isComposing = false;
  #hasHistory = false;
  #isHistoryWrong = false;

  /** @param {HTMLTextAreaElement} area @param {EditorListener} listener */
  constructor(area, listener) {
    this.#area = area;
    this.#listener = listener;
    area.addEventListener('input', () => this.#typed());
    area.addEventListener('beforeinput', (event) => this.#guardHistory(event));
    area.addEventListener('compositionstart', () => this.#compose(true));
    // After the `input` event that some browsers still send for the end of a composition.
    area.addEventListener('compositionend', () => setTimeout(() => this.#compose(false)));
    area.addEventListener('blur', () => this.#compose(false));
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === area) listener.moved();
    });
  }

  /** The document's text, with its own line endings. */
  get text() {
    return this.#text;
  }

  /** Caret or selection. */
  get selection() {
    const { selectionStart, selectionEnd, selectionDirection } = this.#area;
    const start = pointAt(this.#text, offsetInText(this.#text, selectionStart));
    const end = pointAt(this.#text, offsetInText(this.#text, selectionEnd));
    return selectionDirection === 'backward'
      ? { anchor: end, head: start }
      : { anchor: start, head: end };
  }

  /** The first text, or one from before the page was loaded anew. @param {string} text */
  restore(text) {
    this.#text = text;
    this.#area.value = shown(text);
    this.#area.setSelectionRange(0, 0);
  }

  /** Carry out a change by others. @param {readonly Splice[]} splices */
  change(splices) {
    if (splices.length === 0) return;
    const before = this.#text;
    this.#text = apply(before, splices);
    const hasReturns = before.includes('\r') || this.#text.includes('\r');
    const shownSplices = hasReturns
      ? betweenUnits(shown(before), shown(this.#text))
      : inUnits(before, splices);
    if (this.#hasHistory) this.#isHistoryWrong = true;
    this.#keepingSelection(shownSplices, () => this.#keepingScroll(shownSplices));
  }

  /** Put the caret somewhere and show it. @param {number} position */
  goTo(position) {
    const [[offsetInAll]] = /** @type {[Splice]} */ (inUnits(this.#text, [[position, 0, '']]));
    const offset = shown(this.#text.slice(0, offsetInAll)).length;
    this.#area.setSelectionRange(offset, offset);
    this.focus(); // which also scrolls it into view
  }

  focus() {
    // Chromium can give a textarea the focus without a caret (when a dialog closes after a click):
    // keys would do nothing. Leaving and coming back brings the caret.
    this.#area.blur();
    this.#area.focus();
  }

  #typed() {
    this.#hasHistory = true;
    this.#text = afterTyping(this.#text, sound(this.#area.value));
    this.#listener.typed();
  }

  /** @param {boolean} isComposing */
  #compose(isComposing) {
    if (this.#isComposing === isComposing) return;
    this.#isComposing = isComposing;
    this.#listener.composing(isComposing);
  }

  /**
   * The browser's own undo knows nothing of changes made by script: after one, its redo writes
   * old text to wrong places (Chromium and WebKit). Until the page has an undo of its own, there
   * is none once somebody else has changed the text after something was typed.
   *
   * @param {InputEvent} event
   */
  #guardHistory(event) {
    if (!this.#isHistoryWrong || !event.inputType.startsWith('history')) return;
    event.preventDefault();
    this.#listener.undoRefused();
  }

  /** From the last to the first, so that the offsets stay true. @param {readonly Splice[]} splices */
  #write(splices) {
    for (const [start, deleted, inserted] of splices.toReversed()) {
      this.#area.setRangeText(inserted, start, start + deleted, 'preserve');
    }
  }

  /** @param {readonly Splice[]} splices @param {() => void} write */
  #keepingSelection(splices, write) {
    const area = this.#area;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    const isCaret = selectionStart === selectionEnd;
    write();
    // What others insert right at the caret goes behind it, and outside of a selection.
    const start = mapPosition(splices, selectionStart, !isCaret, lengthInUnits);
    const mapped = mapPosition(splices, selectionEnd, false, lengthInUnits);
    const end = isCaret ? start : Math.max(start, mapped);
    const isRight =
      area.selectionStart === start &&
      area.selectionEnd === end &&
      area.selectionDirection === selectionDirection;
    if (isRight) return;
    const { scrollTop } = area;
    area.setSelectionRange(start, end, selectionDirection);
    // Firefox scrolls to the caret after this task.
    requestAnimationFrame(() => {
      if (area.scrollTop !== scrollTop) area.scrollTop = scrollTop;
    });
  }

  /** Lines that others add or remove above what is seen must not move it. */
  #keepingScroll(/** @type {readonly Splice[]} */ splices) {
    const area = this.#area;
    const { scrollTop } = area;
    const first = scrollTop > 0 ? this.#firstVisible() : 0;
    this.#write(splices.filter(([start]) => start >= first));
    const height = area.scrollHeight;
    this.#write(splices.filter(([start]) => start < first));
    const top = scrollTop + (first > 0 ? area.scrollHeight - height : 0);
    if (area.scrollTop !== top) area.scrollTop = top;
  }

  /** The offset of the first character that is seen, where the browser can tell. */
  #firstVisible() {
    const { left, top } = this.#area.getBoundingClientRect();
    const style = getComputedStyle(this.#area);
    const [x, y] = [left + Number.parseFloat(style.paddingLeft) + 2, top + 8];
    const found = /** @type {any} */ (document).caretPositionFromPoint?.(x, y);
    return found?.offsetNode === this.#area ? /** @type {number} */ (found.offset) : 0;
  }
}

/**
 * The same text without what no document may hold, at the same offsets: halves of surrogate pairs
 * and NUL.
 *
 * @param {string} value
 */
function sound(value) {
  return value.replace(
    /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '\ufffd',
  );
}
