// Line numbers in the margin of the text. A line that wraps has one number. They are drawn for the lines
// in view, and hidden from screen readers, which announce lines by themselves.

import { visibleLines } from './visible_lines.js';

/** @typedef {import('../text/line_index.js').LineIndex} LineIndex */

// Between the numbers and the text, where the stripes of the authors are.
const GAP_PX = 20;
const DIGITS_MIN = 3;

export class LineNumbers {
  #area;
  #overlay;
  #index;
  #digits = 0;
  #paint = (/** @type {import('./overlay.js').Frame} */ frame) => this.#numbers(frame);

  /**
   * @param {HTMLTextAreaElement} area
   * @param {import('./overlay.js').Overlay} overlay
   * @param {LineIndex} index
   */
  constructor(area, overlay, index) {
    this.#area = area;
    this.#overlay = overlay;
    this.#index = index;
  }

  /** @param {boolean} areShown */
  show(areShown) {
    this.#area.classList.toggle('numbered', areShown);
    this.#overlay.toggle(this.#paint, areShown);
  }

  /** @param {import('./overlay.js').Frame} frame */
  #numbers(frame) {
    const { geometry, view } = frame;
    this.#index.update(geometry.text);
    this.#makeRoom(this.#index.count);
    const { clientHeight, scrollLeft } = this.#area;
    const width = Number.parseFloat(getComputedStyle(this.#area).paddingLeft) - GAP_PX - scrollLeft;
    if (width <= 0) return [];
    const { starts, before } = visibleLines(frame, clientHeight);
    const first = this.#index.lineAt(view.start) + before;
    return starts.map((start, nth) => {
      const { y, height } = geometry.caretAt(start);
      const number = document.createElement('div');
      number.className = 'number';
      number.textContent = String(first + nth);
      Object.assign(number.style, {
        width: `${width}px`,
        height: `${height}px`,
        lineHeight: `${height}px`,
        transform: `translateY(${y}px)`,
      });
      return number;
    });
  }

  /** Widen the margin where it is too narrow; the text is drawn anew. @param {number} count of lines */
  #makeRoom(count) {
    const digits = Math.max(DIGITS_MIN, String(count).length);
    if (digits === this.#digits) return;
    this.#digits = digits;
    this.#area.style.setProperty('--digits', String(digits));
    this.#overlay.redraw();
  }
}
