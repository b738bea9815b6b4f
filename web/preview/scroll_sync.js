// Scrolls a text and its page together, by where their parts stand in the text. Each has a line that is
// compared: the uppermost one at the start, the lowest one at the end, and in between as far down in the
// window as one has scrolled. So both reach their ends together.

import { Geometry } from '../editor/geometry.js';
import { offsetIn, topIn } from './positions.js';

/** @typedef {import('./page_frame.js').PageFrame} PageFrame */

const SAME_PX = 2;

export class ScrollSync {
  #area;
  #frame;
  #geometry;
  /** @type {Map<Element, number>} where this has scrolled them to */
  #expected = new Map();

  /** @param {HTMLTextAreaElement} area @param {HTMLElement} layer over it @param {() => PageFrame} frame */
  constructor(area, layer, frame) {
    this.#area = area;
    this.#frame = frame;
    this.#geometry = new Geometry(area, layer);
  }

  /** The text was scrolled, or has changed: the page follows. */
  textScrolled() {
    const area = this.#area;
    if (this.#isExpected(area)) return;
    this.follow();
  }

  /** Have the page show what the text does. */
  follow() {
    const { placed, scroller } = this.#frame();
    if (placed.length === 0) return;
    const offset = this.#offsetAt(lineOf(this.#area) - this.#area.scrollTop);
    this.#scroll(scroller, topIn(placed, offset));
  }

  /** The page was scrolled: the text follows. */
  pageScrolled() {
    const { placed, scroller } = this.#frame();
    if (placed.length === 0 || this.#isExpected(scroller)) return;
    this.#expected.set(scroller, scroller.scrollTop);
    this.#scroll(this.#area, this.#geometry.topOf(offsetIn(placed, lineOf(scroller))));
  }

  /** @param {Element} scroller */
  #isExpected(scroller) {
    return Math.abs((this.#expected.get(scroller) ?? -SAME_PX) - scroller.scrollTop) < SAME_PX;
  }

  /** @param {Element} scroller @param {number} line */
  #scroll(scroller, line) {
    const { scrollHeight, clientHeight } = scroller;
    scroller.scrollTop = (line * (scrollHeight - clientHeight)) / scrollHeight;
    this.#expected.set(scroller, scroller.scrollTop);
  }

  /** The offset in the text at a distance from the upper edge of the window. @param {number} y */
  #offsetAt(y) {
    const { start, end } = this.#geometry.view();
    let [low, high] = [start, end];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { y: top, height } = this.#geometry.caretAt(middle);
      if (top + height <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The line that is compared, in pixels from the start. @param {Element} scroller */
function lineOf({ scrollTop, scrollHeight, clientHeight }) {
  return (scrollTop * scrollHeight) / Math.max(1, scrollHeight - clientHeight);
}
