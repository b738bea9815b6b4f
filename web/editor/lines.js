// Line numbers, going to a line, and addresses of lines. Loaded when they are needed.

import { LineIndex } from '../text/line_index.js';
import { say } from '../text/say.js';
import { copy } from '../ui/export_text.js';
import { fragment } from '../ui/loading.js';
import { hashOfLines, targetOf } from './line_address.js';
import { LineDialog } from './line_dialog.js';
import { LineNumbers } from './line_numbers.js';
import { LinkedPlace } from './linked_place.js';
import { reveal } from './reveal.js';

/**
 * @typedef {object} LinesHost what they need of the page
 * @property {HTMLTextAreaElement} area
 * @property {import('./overlay.js').Overlay} overlay
 * @property {import('../ui/toast.js').Toast} toast
 * @property {(sentence: string) => void} announce
 * @property {() => void} focusEditor
 */

export class Lines {
  #host;
  #index = new LineIndex();
  #numbers;
  #place;
  #dialog;

  /** Load what they look like. @param {LinesHost} host */
  static async load(host) {
    await fragment('editor/lines.html', 'editor/lines.css');
    return new Lines(host);
  }

  /** @param {LinesHost} host */
  constructor(host) {
    this.#host = host;
    const { area, overlay, focusEditor } = host;
    this.#numbers = new LineNumbers(area, overlay, this.#index);
    this.#place = new LinkedPlace(area, overlay, this.#index);
    this.#dialog = new LineDialog({
      go: (line, column) => this.#go(line, column),
      closed: focusEditor,
    });
  }

  /** @param {boolean} areShown */
  showNumbers(areShown) {
    this.#numbers.show(areShown);
  }

  /** Ask for a line to go to. */
  ask() {
    this.#dialog.open(this.#selectedLines().first, this.#index.count);
  }

  /** Go to the place that the address names. */
  followAddress() {
    const { hash } = location;
    const place = this.#place.find(hash);
    if (place) {
      this.#show(place, place.start);
      this.#host.focusEditor();
    } else this.#host.toast.show(this.#problemWith(hash));
  }

  /** Copy the address of the lines with the selection. */
  async copyLink() {
    const lines = this.#selectedLines();
    const { first, last } = lines;
    const hash = hashOfLines(lines);
    const isCopied = await copy(location.origin + location.pathname + hash);
    if (!isCopied) history.replaceState(history.state, '', hash);
    const where = first === last ? say('onLine', { line: first }) : say('lineRange', lines);
    this.#host.toast.show(say(isCopied ? 'lineLinkCopied' : 'lineLinkShown', { where }));
  }

  /** @param {number} line @param {number} column @returns {string | null} what is wrong */
  #go(line, column) {
    const text = this.#host.area.value;
    this.#index.update(text);
    const start = this.#index.startOf(line);
    if (start === null) return say('noSuchLine', { count: this.#index.count });
    const end = this.#index.endOf(start);
    const characters = [...text.slice(start, end)];
    if (column < 1 || column > characters.length + 1)
      return say('noSuchColumn', { line, count: characters.length });
    const offset = characters.slice(0, column - 1).join('').length;
    this.#show({ start, end }, start + offset);
    return null;
  }

  /** @param {import('./linked_place.js').Stretch} place @param {number} caret */
  #show(place, caret) {
    const { area, overlay } = this.#host;
    area.setSelectionRange(caret, caret);
    reveal(area, overlay.geometry, caret, true);
    this.#place.mark(place);
    const line = this.#index.lineAt(place.start);
    const words = area.value.slice(place.start, this.#index.endOf(place.start)).trim();
    this.#host.announce(say('atLine', { line, words }));
  }

  /** @param {string} hash which names no place */
  #problemWith(hash) {
    const target = targetOf(hash);
    if (target && 'slug' in target) return say('noSuchHeading', { name: target.slug });
    this.#index.update(this.#host.area.value);
    return say('noSuchLine', { count: this.#index.count });
  }

  #selectedLines() {
    const { value, selectionStart, selectionEnd } = this.#host.area;
    this.#index.update(value);
    const first = this.#index.lineAt(selectionStart);
    const isAtStart = selectionEnd > selectionStart && value[selectionEnd - 1] === '\n';
    return { first, last: this.#index.lineAt(selectionEnd) - Number(isAtStart) };
  }
}
