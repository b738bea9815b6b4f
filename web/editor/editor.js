// The textarea as the rest of the page sees it: a text, a selection, and changes by others carried
// out under the user's hands. Positions outside are code points; inside, those of the textarea.
//
// It never locks the textarea and never replaces its value as a whole once there is one: that
// would lose the caret, the scroll position and what an input method is composing.
//
// It never trusts what it finds in the textarea. Browsers restore what they remember of a form while
// the page loads or later, with or without an event. So the editor remembers what the page and its
// user put there, and writes that back before the user's next action and before a change by script.

import { diffSplicesInUnits, typedAt } from '../text/diff_splices.js';
import { afterTyping, offsetInText, shown } from '../text/endings.js';
import { addsLinesAt, apply, applyUnits, inUnits, mapPosition, pointAt } from '../text/splices.js';
import { UndoHistory } from './undo_history.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/**
 * @typedef {{typed: (splices: readonly Splice[]) => void, moved: () => void, composing: (isComposing: boolean) => void,
 *   stepped: () => void}} EditorListener stepped: what can be undone and redone may have changed
 */

/** @type {Map<string, import('./undo_history.js').Kind>} what may go on as one step of the undo */
const KINDS = new Map([
  ['insertText', 'typing'],
  ['deleteContentBackward', 'deleting'],
  ['deleteContentForward', 'deleting'],
  ['insertCompositionText', 'composing'],
]);

const lengthInUnits = (/** @type {string} */ inserted) => inserted.length;

export class Editor {
  #area;
  #listener;
  #text = '';
  /** What the page and its user put into the textarea. */
  #held = '';
  /** Whether the user has begun an action in this task. */
  #isActing = false;
  #isComposing = false;
  #history = new UndoHistory();

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
    // After the `input` event that some browsers still send for the end of a composition.
    area.addEventListener('compositionend', () => setTimeout(() => this.#compose(false)));
    area.addEventListener('blur', () => this.#compose(false));
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === area) listener.moved();
    });
    // Chromium restores forms between `load` and `pageshow`.
    addEventListener('pageshow', () => this.#putBack());
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
    this.#held = shown(text);
    this.#area.value = this.#held;
    this.#area.setSelectionRange(0, 0);
  }

  /** Carry out a change by others. @param {readonly Splice[]} splices */
  change(splices) {
    this.#history.shift(splices);
    this.#changeBeside(splices);
  }

  /** Carry out what the user decided elsewhere on the page: a step of its own. @param {readonly Splice[]} splices */
  changeAsUser(splices) {
    this.#history.record(this.#text, splices, 'other', 0);
    this.#changeBeside(splices);
  }

  get canUndo() {
    return this.#history.canUndo;
  }
  get canRedo() {
    return this.#history.canRedo;
  }

  /** Take back the user's last step, whatever others did since. */
  undo() {
    if (!this.#isComposing) this.#step(this.#history.undo(this.#text));
  }

  redo() {
    if (!this.#isComposing) this.#step(this.#history.redo(this.#text));
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

  /** @param {Event} event */
  #onInput(event) {
    if (!this.#isActing && isRestoring(event)) this.#putBack();
    else this.#typed(event instanceof InputEvent ? event.inputType : '');
  }

  /** @param {string} inputType */
  #typed(inputType) {
    const before = this.#text;
    this.#held = this.#area.value;
    this.#text = afterTyping(before, sound(this.#held));
    const caret = offsetInText(this.#text, this.#area.selectionEnd);
    const splices = typedAt(before, this.#text, caret);
    this.#history.record(before, splices, KINDS.get(inputType) ?? 'other', performance.now());
    this.#listener.typed(splices);
    this.#listener.stepped();
  }

  /** @param {boolean} isComposing */
  #compose(isComposing) {
    if (this.#isComposing === isComposing) return;
    this.#isComposing = isComposing;
    this.#history.pause();
    this.#listener.composing(isComposing);
  }

  // What the browser restores

  /** Make sure that what the user does now is done to the right text. @param {Event} event */
  #expectAction({ isTrusted }) {
    // Some extensions write into the textarea, then send a key, and then the `input`: an edit.
    if (!isTrusted) return;
    // Check once per task: an action may have several steps whose `input` events come at its end.
    // Writing while an input method composes would abort the composition.
    if (this.#isActing || this.#isComposing) return;
    this.#isActing = true;
    setTimeout(() => {
      this.#isActing = false;
    });
    this.#putBack();
  }

  /** Remove from the textarea what neither the page nor its user put there. */
  #putBack() {
    const area = this.#area;
    if (area.value === this.#held) return;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    area.value = this.#held;
    area.setSelectionRange(selectionStart, selectionEnd, selectionDirection);
  }

  // Undo: never the browser's own, which knows nothing of changes made by script

  /** From a menu, or a gesture. @param {InputEvent} event */
  #onHistoryInput(event) {
    if (!event.inputType.startsWith('history')) return;
    event.preventDefault();
    if (event.inputType === 'historyUndo') this.undo();
    else this.redo();
  }

  /** Where the browser's own history is empty it sends no `beforeinput`. @param {KeyboardEvent} event */
  #onHistoryKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isRedo = (key === 'z' && event.shiftKey) || (key === 'y' && event.ctrlKey);
    if (!isRedo && key !== 'z') return;
    event.preventDefault();
    if (isRedo) this.redo();
    else this.undo();
  }

  /** @param {readonly Splice[]} splices */
  #step(splices) {
    if (splices.length === 0) return;
    this.#putBack();
    const shownSplices = this.#put(splices);
    this.#write(shownSplices);
    this.#showChange(shownSplices);
    this.#listener.typed(splices);
    this.#listener.stepped();
  }

  // Changes by script

  /** Under the user's hands: caret, selection and what is seen stay. @param {readonly Splice[]} splices */
  #changeBeside(splices) {
    if (splices.length === 0) return;
    this.#putBack();
    const shownSplices = this.#put(splices);
    this.#keepingSelection(shownSplices, () => this.#keepingScroll(shownSplices));
    this.#listener.stepped();
  }

  /** Change the text; returns what to change in the textarea. @param {readonly Splice[]} splices */
  #put(splices) {
    const before = this.#text;
    this.#text = apply(before, splices);
    const hasReturns = before.includes('\r') || this.#text.includes('\r');
    return hasReturns
      ? diffSplicesInUnits(shown(before), shown(this.#text))
      : inUnits(before, splices);
  }

  /** Put the caret behind the last thing that was changed, and show it. @param {readonly Splice[]} splices */
  #showChange(splices) {
    let end = 0;
    let shift = 0;
    for (const [start, deleted, inserted] of splices) {
      end = start + shift + inserted.length;
      shift += inserted.length - deleted;
    }
    this.#area.setSelectionRange(end, end);
    this.focus();
  }

  /** All at once: each call costs as much as the whole text is long. @param {readonly Splice[]} splices */
  #write(splices) {
    const [first, last] = [splices[0], splices.at(-1)];
    if (!first || !last) return;
    const [start, end] = [first[0], last[0] + last[1]];
    const part = this.#held.slice(start, end);
    const moved = splices.map(([at, deleted, inserted]) => [at - start, deleted, inserted]);
    const written = applyUnits(part, /** @type {Splice[]} */ (moved));
    this.#area.setRangeText(written, start, end, 'preserve');
    this.#held = this.#held.slice(0, start) + written + this.#held.slice(end);
  }

  /** @param {readonly Splice[]} splices @param {() => void} write */
  #keepingSelection(splices, write) {
    const area = this.#area;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    const isCaret = selectionStart === selectionEnd;
    const isPushed = !isCaret || addsLinesAt(this.#held, splices, selectionStart);
    write();
    // Text inserted right at the caret goes behind it, whole lines before it, both outside of a selection.
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

  /** Lines that others add or remove above what is seen must not move it. */
  #keepingScroll(/** @type {readonly Splice[]} */ splices) {
    const area = this.#area;
    const { scrollTop } = area;
    const first = scrollTop > 0 ? this.#firstVisible() : 0;
    const above = splices.filter(([start]) => start < first);
    this.#write(splices.filter(([start]) => start >= first));
    // The heights are asked for only where they matter: the browser lays out the text to tell.
    const height = above.length > 0 ? area.scrollHeight : 0;
    this.#write(above);
    const top = above.length > 0 ? scrollTop + area.scrollHeight - height : scrollTop;
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
 * Whether Firefox tells with this event that its session restore has filled in the form: it gives
 * the event no type, which every edit by the user has. Accessibility tools (a plain `Event`) and
 * extensions (not trusted) send no type either; what they write is an edit.
 *
 * @param {Event} event of kind `input`
 */
function isRestoring(event) {
  return event.isTrusted && event instanceof InputEvent && event.inputType === '';
}

/**
 * The same text without what no document may hold, at the same offsets: halves of surrogate pairs
 * and NUL.
 *
 * @param {string} value
 */
function sound(value) {
  if (value.isWellFormed?.() && !value.includes('\0')) return value;
  return value.replace(
    /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '\ufffd',
  );
}
