// The overlay of the textarea: the others' carets with an initial, their names for a moment after
// they moved, their selections, and the regions of a conflict, each with a tag at the end of its line
// that says what the other side is. It is hidden from screen readers: the list of people and the
// dialog have the same information. Draws the visible part, at most once a frame.

import { legible } from '../people/colors.js';
import { byId, set } from '../ui/dom.js';
import { Geometry } from './geometry.js';

/** @typedef {import('./geometry.js').Box} Box */
/** @typedef {import('./geometry.js').Caret} Caret */
/** @typedef {import('./geometry.js').Stretch} Stretch */
/**
 * @typedef {{client: string, name: string, color: string, anchor: number, head: number,
 *   moves?: number}} Other anchor, head: offsets in the textarea's value; moves: counts their own
 *   moves only, since others' edits shift a caret as well
 * @typedef {Stretch & {tag: string}} Region of a conflict
 * @typedef {{at: Caret, nth: number}} Spot the nth caret at one place
 * @typedef {{geometry: Geometry, view: Stretch, boxes: (kind: string, stretch: Stretch) => HTMLElement[]}} Frame
 * @typedef {(frame: Frame) => HTMLElement[]} Painter makes the elements for one frame
 */

const NAMED_MS = 2000;
// The height of a name above a caret, and how much of it may be cut off.
const NAME_PX = 20;
const CUT_MAX_PX = 2;
// Less room than this is not enough for a tag.
const TAG_MIN_PX = 72;
const TAG_GAP_PX = 12;
// Makes a selected newline visible.
const WIDTH_MIN_PX = 5;

export class Overlay {
  #area;
  #layer;
  #marks = container('marks');
  #carets = container('carets');
  // Updated in place: a click on an element that is replaced meanwhile is lost.
  #tags = container('tags');
  /** @type {Geometry | null} null until there is something to draw */
  #geometry = null;
  /** @type {readonly Other[]} */
  #people = [];
  /** @type {readonly Region[]} */
  #regions = [];
  /** What is drawn besides, by parts of the page that are loaded on demand. @type {Set<Painter>} */
  #painters = new Set();
  #onRegion;
  /** @type {Map<string, CaretMark>} */
  #marksOf = new Map();
  #isDue = false;

  /**
   * @param {HTMLTextAreaElement} area
   * @param {(index: number) => void} [onRegion] a region of a conflict was clicked
   * @param {HTMLElement} [layer] an element over the textarea
   */
  constructor(area, onRegion = () => {}, layer = byId('overlay', HTMLElement)) {
    this.#area = area;
    this.#onRegion = onRegion;
    this.#layer = layer;
    layer.append(this.#marks, this.#carets, this.#tags);
    for (const event of ['input', 'scroll', 'focus', 'blur']) {
      area.addEventListener(event, () => this.redraw());
    }
    area.addEventListener('click', (event) => this.#clicked(event));
    document.addEventListener('selectionchange', () => this.redraw());
    document.fonts.addEventListener('loadingdone', () => {
      this.#geometry?.clearHeights();
      this.redraw();
    });
    // With a notice the padding changes as much as the height.
    new ResizeObserver(() => this.redraw()).observe(area, { box: 'border-box' });
  }

  /** @param {readonly Other[]} people */
  showPeople(people) {
    for (const person of people) this.#markOf(person).show(person);
    const clients = new Set(people.map(({ client }) => client));
    for (const [client, mark] of this.#marksOf) {
      if (clients.has(client)) continue;
      mark.remove();
      this.#marksOf.delete(client);
    }
    this.#people = people;
    this.redraw();
  }

  /** @param {readonly Region[]} regions */
  showRegions(regions) {
    this.#regions = regions;
    this.redraw();
  }

  /** Draw something else besides, or no longer. @param {Painter} painter @param {boolean} isDrawn */
  toggle(painter, isDrawn) {
    if (isDrawn) this.#painters.add(painter);
    else this.#painters.delete(painter);
    this.redraw();
  }

  get geometry() {
    this.#geometry ??= new Geometry(this.#area, this.#layer);
    return this.#geometry;
  }

  /** Draw in the next frame. */
  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#people.length + this.#regions.length + this.#painters.size === 0) {
      this.#marks.replaceChildren();
      this.#tags.replaceChildren();
      return;
    }
    this.#alignLayer();
    const { geometry } = this;
    const view = geometry.view();
    const boxes = (/** @type {string} */ kind, /** @type {Stretch} */ stretch) =>
      this.#boxes(kind, stretch, view);
    const marks = [
      ...this.#people.flatMap((person) => this.#selectionOf(person, view)),
      ...this.#regions.flatMap((region, index) => this.#regionOf(region, index, view)),
      ...[...this.#painters].flatMap((paint) => paint({ geometry, view, boxes })),
    ];
    const own = this.#ownCaret(view);
    const spots = this.#spots(view);
    this.#marks.replaceChildren(...marks);
    this.#showTags(view);
    for (const { client } of this.#people) {
      this.#marksOf.get(client)?.place(spots.get(client), own, this.#area);
    }
  }

  /** Open a conflict whose words are under the pointer. @param {MouseEvent} event */
  #clicked({ clientX, clientY }) {
    if (this.#area.selectionStart !== this.#area.selectionEnd) return; // a selection, not a click
    const isUnder = (/** @type {Element} */ mark) => {
      const { left, right, top, bottom } = mark.getBoundingClientRect();
      return left <= clientX && clientX <= right && top <= clientY && clientY <= bottom;
    };
    const mark = [...this.#marks.querySelectorAll('.conflict-region')].find(isUnder);
    if (mark instanceof HTMLElement) this.#onRegion(Number(mark.dataset.index));
  }

  /** @param {Region} region @param {number} index @param {Stretch} view */
  #regionOf(region, index, view) {
    const boxes = this.#boxes('conflict-region', region, view);
    for (const box of boxes) box.dataset.index = String(index);
    return boxes;
  }

  /** @param {Stretch} view */
  #showTags(view) {
    while (this.#tags.children.length > this.#regions.length) this.#tags.lastChild?.remove();
    this.#regions.forEach((region, index) => {
      const tag = this.#tags.children[index] ?? this.#newTag(index);
      if (tag instanceof HTMLElement) this.#placeTag(tag, region, view);
    });
  }

  /** @param {number} index */
  #newTag(index) {
    const tag = container('tag');
    tag.onclick = () => this.#onRegion(index);
    this.#tags.append(tag);
    return tag;
  }

  /** @param {HTMLElement} tag @param {Region} region @param {Stretch} view */
  #placeTag(tag, region, view) {
    const { value, clientWidth } = this.#area;
    // A region of whole lines ends behind its newline.
    const found = value.indexOf('\n', Math.max(region.start, region.end - 1));
    const caret = this.#caretAt(found < 0 ? value.length : found, view);
    const x = (caret?.x ?? 0) + TAG_GAP_PX;
    const room = clientWidth - x - TAG_GAP_PX;
    tag.hidden = !caret || room < TAG_MIN_PX;
    set(tag, 'textContent', region.tag);
    tag.style.setProperty('--room', `${room}px`);
    tag.style.transform = `translate(${x}px, ${caret?.y ?? 0}px)`;
  }

  /** Align the layer with the text, without scroll bars and the space beside the textarea. */
  #alignLayer() {
    const { offsetLeft, offsetTop, clientLeft, clientTop, clientWidth, clientHeight } = this.#area;
    Object.assign(this.#layer.style, {
      left: `${offsetLeft + clientLeft}px`,
      top: `${offsetTop + clientTop}px`,
      width: `${clientWidth}px`,
      height: `${clientHeight}px`,
    });
  }

  /** @param {Other} person @param {Stretch} view */
  #selectionOf({ anchor, head, color }, view) {
    const stretch = { start: Math.min(anchor, head), end: Math.max(anchor, head) };
    const boxes = this.#boxes('selected', stretch, view);
    for (const box of boxes) box.style.setProperty('--person', legible(color));
    return boxes;
  }

  /** @param {string} kind @param {Stretch} stretch @param {Stretch} view */
  #boxes(kind, stretch, view) {
    const [start, end] = [Math.max(stretch.start, view.start), Math.min(stretch.end, view.end)];
    if (start >= end) return [];
    const boxes = this.#geometry?.boxesOf(start, end).filter((box) => this.#isSeen(box)) ?? [];
    return joined(boxes).map((box) => {
      const mark = container(kind);
      put(mark, box);
      mark.style.width = `${Math.max(box.width, WIDTH_MIN_PX)}px`;
      return mark;
    });
  }

  /** @param {Stretch} view */
  #spots(view) {
    /** @type {Map<string, Spot>} */
    const spots = new Map();
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { client, head } of this.#people) {
      const at = this.#caretAt(head, view);
      if (!at) continue;
      const place = `${Math.round(at.x)} ${Math.round(at.y)}`;
      const nth = counts.get(place) ?? 0;
      counts.set(place, nth + 1);
      spots.set(client, { at, nth });
    }
    return spots;
  }

  /** @param {Stretch} view */
  #ownCaret(view) {
    const { selectionStart, selectionEnd, selectionDirection } = this.#area;
    if (document.activeElement !== this.#area) return undefined;
    return this.#caretAt(selectionDirection === 'backward' ? selectionStart : selectionEnd, view);
  }

  /** @param {number} offset @param {Stretch} view */
  #caretAt(offset, { start, end }) {
    if (offset < start || (offset > end && end < this.#area.value.length)) return undefined;
    const caret = this.#geometry?.caretAt(offset);
    return caret && this.#isSeen(caret) ? caret : undefined;
  }

  /** @param {Caret} caret */
  #isSeen({ y, height }) {
    return y + height > 0 && y < this.#area.clientHeight;
  }

  /** @param {Other} person */
  #markOf({ client }) {
    const known = this.#marksOf.get(client);
    if (known) return known;
    const mark = new CaretMark(this.#carets);
    this.#marksOf.set(client, mark);
    return mark;
  }
}

/** The caret of one person. */
class CaretMark {
  #element = container('caret');
  #initial = document.createElement('span');
  #name = document.createElement('span');
  #moves = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.#initial.className = 'initial';
    this.#name.className = 'name';
    this.#element.hidden = true;
    this.#element.append(this.#initial, this.#name);
    parent.append(this.#element);
  }

  /** @param {Other} person */
  show({ name, color, head, moves = head }) {
    this.#element.style.setProperty('--person', legible(color));
    set(this.#name, 'textContent', name);
    set(this.#initial, 'textContent', ([...name][0] ?? '').toUpperCase());
    if (moves === this.#moves) return;
    this.#moves = moves;
    this.#element.classList.toggle('moved', true); // `add` would write it again
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#element.classList.remove('moved'), NAMED_MS);
  }

  /**
   * @param {Spot | undefined} spot undefined if out of view
   * @param {Caret | undefined} own the user's own caret, whose line no name may cover
   * @param {HTMLElement} area
   */
  place(spot, own, area) {
    this.#element.hidden = !spot;
    if (!spot) return;
    const { x, y, height } = spot.at;
    const isFree = (/** @type {number} */ from) =>
      from >= -CUT_MAX_PX && (!own || from + NAME_PX <= own.y || from >= own.y + own.height);
    const isBelow = !isFree(y - NAME_PX);
    const { classList, style } = this.#element;
    classList.toggle('below', isBelow);
    classList.toggle('unnamed', isBelow && !isFree(y + height));
    classList.toggle('leftward', x > area.clientWidth / 2);
    put(this.#element, spot.at);
    style.setProperty('--nth', String(spot.nth));
  }

  remove() {
    clearTimeout(this.#timer);
    this.#element.remove();
  }
}

/** @param {string} kind */
function container(kind) {
  const element = document.createElement('div');
  element.className = kind;
  return element;
}

/** @param {HTMLElement} element @param {Caret} place */
function put(element, { x, y, height }) {
  element.style.transform = `translate(${x}px, ${y}px)`;
  element.style.height = `${height}px`;
}

/** Join adjacent boxes of a line: translucent boxes must not overlap. @param {Box[]} boxes */
function joined(boxes) {
  /** @type {Box[]} */
  const lines = [];
  for (const box of boxes) {
    const last = lines.at(-1);
    if (last && last.y === box.y && Math.abs(last.x + last.width - box.x) < 1) {
      last.width = box.x + box.width - last.x;
    } else lines.push({ ...box });
  }
  return lines;
}
