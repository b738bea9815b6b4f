// The place that the address names: a line, several, or a heading. It follows the text as others change
// it, and so does the address. It is marked until the user does something.

import { diffSplicesInUnits } from '../text/diff_splices.js';
import { headingsIn } from '../text/headings.js';
import { lengthInUnits, mapPosition } from '../text/splices.js';
import { hashOfHeading, hashOfLines, targetOf } from './line_address.js';

/** @typedef {import('../text/line_index.js').LineIndex} LineIndex */
/** @typedef {{start: number, end: number}} Stretch from the start of a line to the end of one */

// Typing shall not wait for it, and some browsers allow few changes of the address.
const FOLLOWS_EVERY_MS = 1000;

export class LinkedPlace {
  #area;
  #overlay;
  #index;
  #hash = '';
  #text = '';
  /** @type {Stretch | null} */
  #place = null;
  #isMarked = false;
  #hasChanged = false; // the text, since the address was compared with it
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #paint = (/** @type {import('./overlay.js').Frame} */ frame) => this.#marks(frame);

  /**
   * @param {HTMLTextAreaElement} area
   * @param {import('./overlay.js').Overlay} overlay
   * @param {LineIndex} index
   */
  constructor(area, overlay, index) {
    this.#area = area;
    this.#overlay = overlay;
    this.#index = index;
    for (const kind of ['keydown', 'pointerdown']) {
      addEventListener(kind, () => this.#unmark(), { capture: true });
    }
  }

  /** The place that an address names in the current text; where it is known, the place that it has named. @param {string} hash @returns {Stretch | null} */
  find(hash) {
    const text = this.#area.value;
    this.#follow(text);
    if (this.#place && hash === this.#hash) return this.#place;
    this.#place = this.#placeOf(hash, text);
    this.#hash = hash;
    clearInterval(this.#timer);
    if (this.#place) this.#timer = setInterval(() => this.#showAddress(), FOLLOWS_EVERY_MS);
    return this.#place;
  }

  /** Mark lines. @param {Stretch} place */
  mark(place) {
    if (place !== this.#place) {
      clearInterval(this.#timer);
      this.#hash = ''; // not by the address
    }
    [this.#place, this.#text] = [place, this.#area.value];
    this.#isMarked = true;
    this.#overlay.toggle(this.#paint, true);
  }

  #unmark() {
    if (!this.#isMarked) return;
    this.#isMarked = false;
    this.#overlay.toggle(this.#paint, false);
  }

  /** @param {string} hash @param {string} text */
  #placeOf(hash, text) {
    const target = targetOf(hash);
    if (!target) return null;
    if ('slug' in target) {
      return headingsIn(text).find(({ slug }) => slug === target.slug) ?? null;
    }
    this.#index.update(text);
    const start = this.#index.startOf(target.first);
    if (start === null) return null;
    const last = this.#index.startOf(target.last);
    return { start, end: last === null ? text.length : this.#index.endOf(last) };
  }

  /** @param {string} text */
  #follow(text) {
    if (text === this.#text) return;
    if (this.#place) {
      const splices = diffSplicesInUnits(this.#text, text);
      const start = mapPosition(splices, this.#place.start, true, lengthInUnits);
      const end = mapPosition(splices, this.#place.end, false, lengthInUnits);
      this.#place = { start, end: Math.max(start, end) };
    }
    this.#text = text;
    this.#hasChanged = true;
  }

  /** Have the address name the place where it is now. */
  #showAddress() {
    this.#follow(this.#area.value);
    if (!this.#place || !this.#hasChanged || location.hash !== this.#hash) return;
    this.#hasChanged = false;
    const hash = this.#hashOf(this.#place);
    if (hash === this.#hash) return;
    this.#hash = hash;
    history.replaceState(history.state, '', hash);
  }

  /** @param {Stretch} place in the text that was followed last */
  #hashOf({ start, end }) {
    const target = targetOf(this.#hash);
    if (target && 'slug' in target) {
      const heading = headingsIn(this.#text).find((it) => it.start === start);
      return heading ? hashOfHeading(heading.slug) : this.#hash;
    }
    this.#index.update(this.#text);
    return hashOfLines({ first: this.#index.lineAt(start), last: this.#index.lineAt(end) });
  }

  /** @param {import('./overlay.js').Frame} frame */
  #marks({ geometry, view }) {
    this.#follow(geometry.text);
    if (!this.#place) return [];
    const { start, end } = this.#place;
    if (end < view.start || start > view.end) return [];
    const from = geometry.caretAt(Math.max(start, view.start));
    const to = geometry.caretAt(Math.min(end, view.end));
    const mark = document.createElement('div');
    mark.className = 'linked';
    mark.style.transform = `translateY(${from.y}px)`;
    mark.style.height = `${to.y + to.height - from.y}px`;
    return [mark];
  }
}
