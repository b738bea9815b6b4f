// Find and replace in the text: a panel below it, which covers nothing. What it finds is drawn over the
// text and follows it while people type. A worker searches. Loaded when it is first opened.

import { reveal } from '../editor/reveal.js';
import { splicesInText } from '../text/endings.js';
import { say } from '../text/say.js';
import { inPoints } from '../text/splices.js';
import { byId, set, setText } from '../ui/dom.js';
import { fragment } from '../ui/loading.js';
import { marksOf } from './match_marks.js';
import { Matches } from './matches.js';
import { Searcher } from './searcher.js';

/** @typedef {import('./search.js').Task} Task */
/**
 * @typedef {object} FindHost what it needs of the page
 * @property {HTMLTextAreaElement} area
 * @property {import('../editor/overlay.js').Overlay} overlay
 * @property {() => string} text the current one, in the editor
 * @property {(splices: readonly import('../text/splices.js').Splice[]) => void} change edit it as the user,
 *   in one step
 * @property {() => boolean} isViewOnly
 * @property {(sentence: string) => void} announce
 * @property {() => void} focusEditor
 */

// While people type, the text is searched at most this often.
const AGAIN_AFTER_MS = 150;
const SEARCHING_AFTER_MS = 300;
// To replace in a text that others change meanwhile.
const ATTEMPTS_MAX = 5;
const LINE_SHOWN_MAX = 100;

const TOGGLES = /** @type {const} */ ({
  isCaseMatched: 'find-case',
  isWholeWord: 'find-word',
  isExpression: 'find-expression',
});

export class FindPanel {
  #host;
  #searcher = new Searcher();
  #matches = new Matches();
  /** The last search. */
  #search = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #panel = byId('find', HTMLElement);
  #words = byId('find-words', HTMLInputElement);
  #template = byId('find-template', HTMLInputElement);
  #paint = (/** @type {import('../editor/overlay.js').Frame} */ frame) => this.#marks(frame);

  /** Load what it looks like. @param {FindHost} host */
  static async load(host) {
    await fragment('find/find.html', 'find/find.css');
    return new FindPanel(host);
  }

  /** @param {FindHost} host */
  constructor(host) {
    this.#host = host;
    this.#words.oninput = () => this.#searchAnew();
    this.#words.onkeydown = (event) =>
      this.#onEnter(event, () => this.#step(event.shiftKey ? -1 : 1));
    this.#template.onkeydown = (event) => this.#onEnter(event, () => this.#replaceOne());
    onClick('find-next', () => this.#step(1));
    onClick('find-previous', () => this.#step(-1));
    onClick('replace-one', () => this.#replaceOne());
    onClick('replace-all', () => this.#replaceAll());
    onClick('find-close', () => this.#close());
    for (const id of Object.values(TOGGLES)) {
      onClick(id, (button) => {
        button.ariaPressed = String(button.ariaPressed !== 'true');
        this.#searchAnew();
      });
    }
    this.#panel.onkeydown = (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.preventDefault();
      this.#close();
    };
    this.#panel.addEventListener('focusin', ({ relatedTarget }) => {
      if (relatedTarget === host.area) this.#startAtCaret();
    });
  }

  /** Open it, with the selected words. */
  open() {
    const { area, overlay } = this.#host;
    const { value, selectionStart, selectionEnd } = area;
    const selected = value.slice(selectionStart, selectionEnd);
    if (selected && !selected.includes('\n') && !this.#panel.contains(document.activeElement))
      this.#words.value = selected;
    this.#panel.hidden = false;
    this.#showRights();
    overlay.toggle(this.#paint, true);
    this.#startAtCaret();
    this.#words.focus();
    this.#words.select();
    this.#searchAnew();
  }

  #close() {
    const { area, overlay, focusEditor } = this.#host;
    this.#matches.follow(area.value);
    const { current } = this.#matches;
    this.#reveal();
    this.#panel.hidden = true;
    this.#searcher.stop();
    this.#matches.clear();
    overlay.toggle(this.#paint, false);
    if (current) area.setSelectionRange(current.start, current.end);
    focusEditor();
  }

  // Searching

  get #query() {
    const isPressed = (/** @type {string} */ id) => byId(id, HTMLElement).ariaPressed === 'true';
    return {
      words: this.#words.value,
      isCaseMatched: isPressed(TOGGLES.isCaseMatched),
      isWholeWord: isPressed(TOGGLES.isWholeWord),
      isExpression: isPressed(TOGGLES.isExpression),
    };
  }

  /** Look for something else. */
  #searchAnew() {
    this.#search = this.#find(true);
  }

  /** @param {boolean} isNew whether something else is looked for, or the text has changed */
  async #find(isNew) {
    const query = this.#query;
    const text = this.#host.area.value;
    if (isNew) this.#tell('');
    this.#matches.follow(text);
    if (query.words === '') {
      this.#searcher.stop();
      this.#matches.clear();
      this.#show();
      return;
    }
    const answer = await this.#ask(text, { query });
    if (answer.kind === 'dropped') return;
    if (answer.kind === 'found') this.#matches.found(answer, text);
    else {
      this.#matches.clear();
      this.#explain(answer);
    }
    if (isNew && this.#matches.count > 0) {
      this.#matches.choose();
      this.#reveal();
    }
    this.#show();
    if (isNew && answer.kind === 'found') this.#host.announce(this.#countInWords());
  }

  /** @param {string} text @param {Task} task */
  async #ask(text, task) {
    const timer = setTimeout(
      () => setText('find-count', say('findingMatches')),
      SEARCHING_AFTER_MS,
    );
    const answer = await this.#searcher.ask(text, task);
    clearTimeout(timer);
    return answer;
  }

  /** The text has changed: search it again, soon. */
  #searchSoon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#panel.hidden || this.#words.ariaInvalid) return;
      if (this.#searcher.isBusy) this.#searchSoon();
      else this.#search = this.#find(false);
    }, AGAIN_AFTER_MS);
  }

  /** @param {1 | -1} by */
  async #step(by) {
    await this.#search;
    this.#matches.follow(this.#host.area.value);
    this.#matches.step(by);
    this.#reveal();
    this.#show();
    this.#host.announce(this.#currentInWords());
  }

  // Replacing

  async #replaceOne() {
    await this.#search;
    this.#matches.follow(this.#host.area.value);
    const { current } = this.#matches;
    if (!current) await this.#step(1);
    else if ((await this.#replace(() => this.#matches.current?.start)) !== null) this.#searchAnew();
  }

  async #replaceAll() {
    await this.#search;
    const count = await this.#replace(() => null);
    if (count === null) return;
    await this.#find(false);
    this.#tell(say('replacedCount', { count }));
  }

  /**
   * Replace the match that starts at an offset, or all. The text may change while this is computed: then
   * it is computed again.
   *
   * @param {() => number | null | undefined} where null: all; undefined: there is none any more
   * @returns {Promise<number | null>} how many, or null if it was not possible
   */
  async #replace(where) {
    const { area, change, isViewOnly, text: textOf } = this.#host;
    const query = this.#query;
    if (query.words === '') return null;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const shown = area.value;
      this.#matches.follow(shown);
      const only = where();
      if (only === undefined) return null;
      const task = { query, template: this.#template.value };
      const answer = await this.#ask(shown, only === null ? task : { ...task, only });
      if (answer.kind !== 'replaced') {
        this.#explain(answer);
        return null;
      }
      if (isViewOnly()) return null;
      if (area.value !== shown) continue;
      const { current } = this.#matches;
      if (only !== null && current) this.#matches.startAt(current.end);
      const text = textOf();
      change(inPoints(text, splicesInText(text, answer.splices)));
      return answer.count;
    }
    this.#tell(say('textChanges'));
    return null;
  }

  // What is shown

  /** @param {{kind: string, reason?: string}} answer which is none */
  #explain({ kind, reason = '' }) {
    if (kind === 'wrong') this.#tell(say('wrongExpression', { reason }), true);
    else if (kind === 'slow') this.#tell(say('slowExpression'), true);
    else if (kind === 'large') this.#tell(say('largeReplacement'));
    else if (kind === 'failed') this.#tell(say('loadFailed'));
  }

  /** @param {string} sentence @param {boolean} [isWrong] whether what is looked for is at fault */
  #tell(sentence, isWrong = false) {
    setText('find-problem', sentence);
    this.#words.ariaInvalid = isWrong ? 'true' : null;
  }

  #show() {
    this.#showCount();
    this.#host.overlay.redraw();
  }

  #showCount() {
    setText('find-count', this.#words.value === '' ? '' : this.#countInWords());
  }

  #countInWords() {
    const { count, index } = this.#matches;
    if (count === 0) return say('noMatches');
    return index < 0 ? say('matchCount', { count }) : say('matchOf', { index: index + 1, count });
  }

  #currentInWords() {
    const { current } = this.#matches;
    if (!current) return this.#countInWords();
    const { value } = this.#host.area;
    const start = value.lastIndexOf('\n', current.start - 1) + 1;
    const newline = value.indexOf('\n', start);
    const line = value.slice(start, newline < 0 ? value.length : newline).trim();
    return `${this.#countInWords()}: ${line.slice(0, LINE_SHOWN_MAX)}`;
  }

  #reveal() {
    const { area, overlay } = this.#host;
    const { current } = this.#matches;
    if (current) reveal(area, overlay.geometry, current.start, false);
  }

  #startAtCaret() {
    const { area } = this.#host;
    this.#matches.follow(area.value);
    const { current } = this.#matches;
    const { selectionStart } = area;
    if (!current || selectionStart < current.start || selectionStart > current.end)
      this.#matches.startAt(selectionStart);
  }

  #showRights() {
    set(byId('find-replace', HTMLElement), 'hidden', this.#host.isViewOnly());
  }

  /** @param {import('../editor/overlay.js').Frame} frame */
  #marks(frame) {
    this.#showRights();
    if (this.#matches.follow(frame.geometry.text)) {
      this.#searchSoon();
      this.#showCount();
    }
    return marksOf(this.#matches, frame, this.#host.area.clientHeight);
  }

  /** @param {KeyboardEvent} event @param {() => void} action */
  #onEnter(event, action) {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    action();
  }
}

/** @param {string} id @param {(button: HTMLButtonElement) => void} action */
function onClick(id, action) {
  const button = byId(id, HTMLButtonElement);
  button.onclick = () => action(button);
}
