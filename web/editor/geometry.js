// The position of a character in a textarea. No browser reports it well: Chromium has ranges of a
// textarea's value (OpaqueRange), but confuses an empty line with the end of the line above. So the
// visible lines are laid out again, invisibly, as ONE text node in a box of the same width and style.
// (A span for each character would be simpler and wrong: it breaks glyphs that are shaped together.)
// Lines above the view are laid out once for their height, and again when they change.
//
// Offsets are those of the textarea's value. Positions are in pixels from the corner of its padding
// box, which does not scroll.

import { Blocks } from '../text/blocks.js';

/**
 * @typedef {{x: number, y: number, height: number}} Caret
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{start: number, end: number}} Stretch
 */

/** The properties that affect the position of a character, besides the text and the width. */
const STYLES = /** @type {const} */ ([
  'direction',
  'fontFamily',
  'fontFeatureSettings',
  'fontKerning',
  'fontSize',
  'fontStretch',
  'fontStyle',
  'fontVariant',
  'fontVariationSettings',
  'fontWeight',
  'hyphens',
  'letterSpacing',
  'lineBreak',
  'lineHeight',
  'overflowWrap',
  'tabSize',
  'textAlign',
  'textIndent',
  'textRendering',
  'textTransform',
  'unicodeBidi',
  'whiteSpace',
  'wordBreak',
  'wordSpacing',
]);

export class Geometry {
  #area;
  #box = document.createElement('div');
  #node = document.createTextNode('');
  // Gives an empty last line a height.
  #end = document.createElement('br');
  /** @type {Blocks<number>} their heights */
  #blocks = new Blocks();
  #looks = '';
  #start = 0; // of the text in the box
  // From the box to the textarea's padding box.
  #left = 0;
  #top = 0;

  /** @param {HTMLTextAreaElement} area @param {HTMLElement} layer the parent of the invisible copy */
  constructor(area, layer) {
    this.#area = area;
    this.#box.className = 'mirror';
    this.#box.append(this.#node, this.#end);
    layer.append(this.#box);
  }

  /**
   * Lay out the visible part of the text. To be called first in every frame: the other methods answer
   * only for this part, which is a little larger than the view.
   *
   * @returns {Stretch}
   */
  view() {
    const area = this.#area;
    const style = getComputedStyle(area);
    this.#copyStyle(style);
    this.#blocks.update(area.value);
    const top = area.scrollTop - Number.parseFloat(style.paddingTop);
    const shown = this.#blocksBetween(top, top + area.clientHeight);
    this.#layOut(shown.start, shown.end);
    const { left, top: boxTop } = this.#box.getBoundingClientRect();
    this.#left = Number.parseFloat(style.paddingLeft) - area.scrollLeft - left;
    this.#top = shown.top - top - boxTop;
    this.#start = shown.start;
    return { start: shown.start, end: shown.start + this.#node.length };
  }

  /** The textarea's value, as of the last `view`. */
  get text() {
    return this.#blocks.text;
  }

  /**
   * The place of a character anywhere in the text, from the text's start instead of the view's. All
   * lines above it are laid out once; then `view` has to be called again.
   *
   * @param {number} offset
   * @returns {Caret}
   */
  placeOf(offset) {
    this.#copyStyle(getComputedStyle(this.#area));
    this.#blocks.update(this.#area.value);
    const { text, all } = this.#blocks;
    let [start, y] = [0, 0];
    for (const block of all) {
      const end = start + block.length;
      if (end > offset || end === text.length) {
        this.#layOut(start, end);
        break;
      }
      block.value ??= this.#heightOf(start, end);
      [start, y] = [end, y + block.value];
    }
    const { left, top } = this.#box.getBoundingClientRect();
    [this.#start, this.#left, this.#top] = [start, -left, y - top];
    return this.caretAt(offset);
  }

  /** Discard the measured heights: fonts have been loaded. */
  clearHeights() {
    this.#blocks.clear();
  }

  /** @param {number} offset in the view @returns {Caret} */
  caretAt(offset) {
    const at = Math.min(offset - this.#start, this.#node.length);
    const isAtEnd = at === this.#node.length && (at === 0 || this.#node.data[at - 1] === '\n');
    const { left, top, height } = isAtEnd ? this.#end.getBoundingClientRect() : this.#rectAt(at);
    return { x: left + this.#left, y: top + this.#top, height };
  }

  /** @param {number} start @param {number} end in the view @returns {Box[]} */
  boxesOf(start, end) {
    const range = document.createRange();
    range.setStart(this.#node, Math.max(0, start - this.#start));
    range.setEnd(this.#node, Math.min(end - this.#start, this.#node.length));
    return [...range.getClientRects()].map(({ left, top, width, height }) => ({
      x: left + this.#left,
      y: top + this.#top,
      width,
      height,
    }));
  }

  /** How far a character is from the top of all that scrolls. Lays out another part than the view. @param {number} offset */
  topOf(offset) {
    this.view();
    let [start, top] = [0, Number.parseFloat(getComputedStyle(this.#area).paddingTop)];
    for (const block of this.#blocks.all) {
      const end = start + block.length;
      if (offset < end || end === this.#area.value.length) {
        this.#layOut(start, end);
        return top + this.#rectAt(offset - start).top - this.#box.getBoundingClientRect().top;
      }
      block.value ??= this.#heightOf(start, end);
      [start, top] = [end, top + block.value];
    }
    return top;
  }

  /** @param {number} at */
  #rectAt(at) {
    const range = document.createRange();
    range.setStart(this.#node, at);
    const rect = range.getBoundingClientRect();
    if (rect.height > 0) return rect;
    range.setEnd(this.#node, Math.min(at + 1, this.#node.length));
    return range.getBoundingClientRect();
  }

  /** @param {CSSStyleDeclaration} style the textarea's */
  #copyStyle(style) {
    const { width } = this.#area.getBoundingClientRect();
    // Scroll bar and borders are whole pixels; the width may be fractional.
    const around = this.#area.offsetWidth - this.#area.clientWidth;
    const padding = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight);
    const looks = [width - around - padding, ...STYLES.map((name) => style[name])].join(';');
    if (looks === this.#looks) return;
    this.#looks = looks;
    this.#blocks.clear();
    for (const name of STYLES) this.#box.style[name] = style[name];
    this.#box.style.width = `${width - around - padding}px`;
  }

  /** @param {number} top @param {number} bottom in pixels from the start of the text */
  #blocksBetween(top, bottom) {
    let [offset, y] = [0, 0];
    let [start, startY] = [0, 0];
    for (const block of this.#blocks.all) {
      if (y >= bottom) break;
      const end = offset + block.length;
      block.value ??= this.#heightOf(offset, end);
      if (y + block.value <= top) [start, startY] = [end, y + block.value];
      [offset, y] = [end, y + block.value];
    }
    return { start, end: offset, top: startY };
  }

  /** @param {number} start @param {number} end */
  #heightOf(start, end) {
    this.#layOut(start, end);
    return this.#box.getBoundingClientRect().height;
  }

  /** @param {number} start @param {number} end the end of a block */
  #layOut(start, end) {
    const { text } = this.#blocks;
    // The line after the last newline belongs to the next block, if there is one.
    const data = text.slice(start, end === text.length ? end : end - 1);
    if (this.#node.data !== data) this.#node.data = data;
  }
}
