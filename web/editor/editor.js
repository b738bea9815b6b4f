// The textarea as the rest of the page sees it: a text, a selection, and changes by others applied
// while the user types. Positions are code points outside, and offsets of the textarea inside.
//
// It never locks the textarea, and never replaces its whole value once there is one: that would lose
// the caret, the scroll position and a running composition.
//
// It never trusts the textarea's value. Browsers restore form data during or after loading, with or
// without an event. So the editor remembers the value that the page and its user have put there, and
// writes it back before the user's next action and before a change by script.

import { diffSplicesInUnits, typedAt } from '../text/diff_splices.js';
import { afterTyping, offsetInText, shown } from '../text/endings.js';
import { cursorIn } from '../text/points.js';
import { say } from '../text/say.js';
import {
  addsLinesAt,
  apply,
  applyUnits,
  inUnits,
  lengthInUnits,
  mapPosition,
} from '../text/splices.js';
import { latinKey } from '../ui/keys.js';
import { UndoHistory } from './undo_history.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {{typed: (splices: readonly Splice[]) => void, moved: () => void, composing: (isComposing: boolean) => void,
 *   historyChanged: () => void}} EditorListener historyChanged: `canUndo` or `canRedo` may have changed
 */

/** @type {Map<string, import('./undo_history.js').EditKind>} by `inputType`; others are never merged into one undo step */
const KINDS = new Map([
  ['insertText', 'typing'],
  ['deleteContentBackward', 'deleting'],
  ['deleteContentForward', 'deleting'],
  ['insertCompositionText', 'composing'],
]);

export class Editor {
  #area;
  #listener;
  #text = '';
  /** The value that the page and its user have put into the textarea. */
  #expected = '';
  /** Whether the user has begun an action in this task. */
  #isActing = false;
  #isComposing = false;
  #undoHistory = new UndoHistory();

  /** @param {HTMLTextAreaElement} area @param {EditorListener} listener */
  constructor(area, listener) {
    this.#area = area;
    this.#listener = listener;
    // Run before all other listeners: some of them change the text.
    for (const kind of ['keydown', 'beforeinput', 'compositionstart']) {
      area.addEventListener(kind, (event) => this.#expectAction(event), { capture: true });
    }
    area.addEventListener('input', (event) => this.#onInput(event));
    area.addEventListener('beforeinput', (event) => this.#onHistoryInput(event));
    area.addEventListener('keydown', (event) => this.#onHistoryKey(event));
    area.addEventListener('compositionstart', () => this.#compose(true));
    // After the `input` event that some browsers send at the end of a composition.
    area.addEventListener('compositionend', () => setTimeout(() => this.#compose(false)));
    area.addEventListener('blur', () => this.#compose(false));
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === area) listener.moved();
    });
    // Chromium restores forms between `load` and `pageshow`.
    addEventListener('pageshow', () => this.#writeBack());
  }

  /** The document's text, with its own line endings. */
  get text() {
    return this.#text;
  }

  /** Caret or selection. */
  get selection() {
    const { selectionStart, selectionEnd, selectionDirection } = this.#area;
    const cursor = cursorIn(this.#text);
    const start = cursor.pointAt(offsetInText(this.#text, selectionStart));
    const end = cursor.pointAt(offsetInText(this.#text, selectionEnd));
    return selectionDirection === 'backward'
      ? { anchor: end, head: start }
      : { anchor: start, head: end };
  }

  /** Set the initial text, or the one from before a reload. @param {string} text */
  restore(text) {
    this.#text = text;
    this.#expected = shown(text);
    this.#area.value = this.#expected;
    this.#area.setSelectionRange(0, 0);
    this.#undoHistory = new UndoHistory();
  }

  /** Apply a change by others. @param {readonly Splice[]} splices */
  change(splices) {
    this.#undoHistory.shift(splices);
    this.#changeBeside(splices);
  }

  /** Apply a decision that the user made elsewhere on the page, as an undo step of its own. @param {readonly Splice[]} splices */
  changeAsUser(splices) {
    this.#undoHistory.record(this.#text, splices, 'other', 0);
    this.#changeBeside(splices);
  }

  get canUndo() {
    return this.#undoHistory.canUndo && !this.#area.readOnly;
  }
  get canRedo() {
    return this.#undoHistory.canRedo && !this.#area.readOnly;
  }

  get isReadOnly() {
    return this.#area.readOnly;
  }

  /** Let the user only read, or write again. @param {boolean} isReadOnly */
  setReadOnly(isReadOnly) {
    if (this.#area.readOnly === isReadOnly) return;
    this.#area.readOnly = isReadOnly;
    this.#area.placeholder = say(isReadOnly ? 'noVersions' : 'placeholder');
    this.#listener.historyChanged();
  }

  /** Undo the user's last step, whatever others have changed since. */
  undo() {
    if (!this.#isComposing && this.canUndo) this.#step(this.#undoHistory.undo(this.#text));
  }

  redo() {
    if (!this.#isComposing && this.canRedo) this.#step(this.#undoHistory.redo(this.#text));
  }

  /** Move the caret to a position and scroll to it. @param {number} position */
  goTo(position) {
    const [[offsetInAll]] = /** @type {[Splice]} */ (inUnits(this.#text, [[position, 0, '']]));
    const offset = shown(this.#text.slice(0, offsetInAll)).length;
    this.#area.setSelectionRange(offset, offset);
    this.#focus({ preventScroll: false });
  }

  /** Give the text the focus; it stays where it was scrolled to. */
  focus() {
    this.#focus({ preventScroll: true });
  }

  /** @param {FocusOptions} options whether the caret is scrolled into view */
  #focus(options) {
    // Chromium can focus a textarea without a caret (when a dialog closes after a click), so that
    // keys do nothing. Blurring it first brings the caret.
    this.#area.blur();
    this.#area.focus(options);
  }

  /** @param {Event} event */
  #onInput(event) {
    if (!this.#isActing && isRestoring(event)) this.#writeBack();
    else this.#typed(event instanceof InputEvent ? event.inputType : '');
  }

  /** @param {string} inputType */
  #typed(inputType) {
    const before = this.#text;
    this.#expected = this.#area.value;
    this.#text = afterTyping(before, wellFormed(this.#expected));
    const caret = offsetInText(this.#text, this.#area.selectionEnd);
    const splices = typedAt(before, this.#text, caret);
    this.#undoHistory.record(before, splices, KINDS.get(inputType) ?? 'other', performance.now());
    this.#listener.typed(splices);
    this.#listener.historyChanged();
  }

  /** @param {boolean} isComposing */
  #compose(isComposing) {
    if (this.#isComposing === isComposing) return;
    this.#isComposing = isComposing;
    this.#undoHistory.pause();
    this.#listener.composing(isComposing);
  }

  // Values restored by the browser

  /** Make sure that the user's action applies to the right text. @param {Event} event */
  #expectAction({ isTrusted }) {
    // Some extensions write into the textarea, then send a key event and an `input`: that is an edit.
    if (!isTrusted) return;
    // Once per task: an action may have several steps whose `input` events come at its end. Writing
    // during a composition would abort it.
    if (this.#isActing || this.#isComposing) return;
    this.#isActing = true;
    setTimeout(() => {
      this.#isActing = false;
    });
    this.#writeBack();
  }

  /** Write the expected value back if the browser has restored another. */
  #writeBack() {
    const area = this.#area;
    if (area.value === this.#expected) return;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    area.value = this.#expected;
    area.setSelectionRange(selectionStart, selectionEnd, selectionDirection);
  }

  // Undo: never the browser's own, which does not know about changes made by script

  /** From a menu, or a gesture. @param {InputEvent} event */
  #onHistoryInput(event) {
    if (!event.inputType.startsWith('history')) return;
    event.preventDefault();
    if (event.inputType === 'historyUndo') this.undo();
    else this.redo();
  }

  /** While its own history is empty, the browser sends no `beforeinput`. @param {KeyboardEvent} event */
  #onHistoryKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = latinKey(event);
    const isRedo = (key === 'z' && event.shiftKey) || (key === 'y' && event.ctrlKey);
    if (!isRedo && key !== 'z') return;
    event.preventDefault();
    if (isRedo) this.redo();
    else this.undo();
  }

  /** @param {readonly Splice[]} splices */
  #step(splices) {
    if (splices.length === 0) return;
    this.#writeBack();
    const shownSplices = this.#put(splices);
    this.#write(shownSplices);
    this.#showChange(shownSplices);
    this.#listener.typed(splices);
    this.#listener.historyChanged();
  }

  // Changes by script

  /** Change the text, but keep caret, selection and scroll position. @param {readonly Splice[]} splices */
  #changeBeside(splices) {
    if (splices.length === 0) return;
    this.#writeBack();
    const shownSplices = this.#put(splices);
    this.#keepingSelection(shownSplices, () => this.#keepingScroll(shownSplices));
    this.#listener.historyChanged();
  }

  /** Change the text. @param {readonly Splice[]} splices @returns the same change of the textarea's value */
  #put(splices) {
    const before = this.#text;
    this.#text = apply(before, splices);
    const hasReturns = before.includes('\r') || this.#text.includes('\r');
    return hasReturns
      ? diffSplicesInUnits(shown(before), shown(this.#text))
      : inUnits(before, splices);
  }

  /** Move the caret behind the last change, and scroll to it. @param {readonly Splice[]} splices */
  #showChange(splices) {
    let end = 0;
    let shift = 0;
    for (const [start, deleted, inserted] of splices) {
      end = start + shift + inserted.length;
      shift += inserted.length - deleted;
    }
    this.#area.setSelectionRange(end, end);
    this.#focus({ preventScroll: false });
  }

  /** Write in one call: each call costs time proportional to the whole text. @param {readonly Splice[]} splices */
  #write(splices) {
    const [first, last] = [splices[0], splices.at(-1)];
    if (!first || !last) return;
    const [start, end] = [first[0], last[0] + last[1]];
    const part = this.#expected.slice(start, end);
    const moved = splices.map(([at, deleted, inserted]) => [at - start, deleted, inserted]);
    const written = applyUnits(part, /** @type {Splice[]} */ (moved));
    this.#area.setRangeText(written, start, end, 'preserve');
    this.#expected = this.#expected.slice(0, start) + written + this.#expected.slice(end);
  }

  /** @param {readonly Splice[]} splices @param {() => void} write */
  #keepingSelection(splices, write) {
    const area = this.#area;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    const isCaret = selectionStart === selectionEnd;
    const isPushed = !isCaret || addsLinesAt(this.#expected, splices, selectionStart);
    write();
    // Text that others insert at the caret goes behind it, whole lines before it; both stay outside
    // of a selection.
    const start = mapPosition(splices, selectionStart, isPushed, lengthInUnits);
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

  /** Lines added or removed above the visible part must not move it. */
  #keepingScroll(/** @type {readonly Splice[]} */ splices) {
    const area = this.#area;
    const { scrollTop } = area;
    const first = scrollTop > 0 ? this.#firstVisible() : 0;
    const above = splices.filter(([start]) => start < first);
    this.#write(splices.filter(([start]) => start >= first));
    // Read the heights only if needed: the browser has to lay out the text for it.
    const height = above.length > 0 ? area.scrollHeight : 0;
    this.#write(above);
    const top = above.length > 0 ? scrollTop + area.scrollHeight - height : scrollTop;
    if (area.scrollTop !== top) area.scrollTop = top;
  }

  /** The offset of the first visible character; 0 if the browser cannot tell. */
  #firstVisible() {
    const { left, top } = this.#area.getBoundingClientRect();
    const style = getComputedStyle(this.#area);
    const [x, y] = [left + Number.parseFloat(style.paddingLeft) + 2, top + 8];
    const found = /** @type {any} */ (document).caretPositionFromPoint?.(x, y);
    return found?.offsetNode === this.#area ? /** @type {number} */ (found.offset) : 0;
  }
}

/**
 * Whether this event means that Firefox's session restore has filled in the form: it has no type,
 * unlike every edit by the user. Accessibility tools (a plain `Event`) and extensions (not trusted)
 * send no type either; what they write is an edit.
 *
 * @param {Event} event of kind `input`
 */
function isRestoring(event) {
  return event.isTrusted && event instanceof InputEvent && event.inputType === '';
}

/**
 * Replace what no document may contain, lone surrogates and NUL, without changing offsets.
 *
 * @param {string} value
 */
function wellFormed(value) {
  if (value.isWellFormed?.() && !value.includes('\0')) return value;
  return value.replace(
    /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '\ufffd',
  );
}
