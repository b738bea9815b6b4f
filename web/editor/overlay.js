// Where the others are, drawn over the textarea: their carets with an initial, their names for a
// moment after they moved, what they have selected, and what a conflict is about. For the eye only:
// the list of people says the same to everybody. At most one drawing a frame, of what is in view.

import { legible } from '../people/colors.js';
import { byId } from '../ui/dom.js';
import { Geometry } from './geometry.js';

/** @typedef {import('./geometry.js').Box} Box */
/** @typedef {import('./geometry.js').Caret} Caret */
/** @typedef {import('./geometry.js').Stretch} Stretch */
/**
 * @typedef {{client: string, name: string, color: string, anchor: number, head: number,
 *   moves?: number}} Other offsets in the textarea's value; `moves` counts what they did themselves:
 *   text that others type moves a caret as well, and is no news
 * @typedef {{at: Caret, nth: number}} Spot the nth caret at one place
 */

const NAMED_MS = 2000;
// A name above a caret takes this much room, and may be cut off by a little.
const NAME_PX = 20;
const CUT_MOST_PX = 2;
// A selected newline is seen, too.
const LEAST_PX = 5;

export class Overlay {
  #area;
  #layer;
  #marks = container('marks');
  #carets = container('carets');
  /** @type {Geometry | null} nobody else was here yet */
  #geometry = null;
  /** @type {readonly Other[]} */
  #people = [];
  /** @type {readonly Stretch[]} */
  #regions = [];
  /** @type {Map<string, CaretMark>} */
  #marksOf = new Map();
  #isDue = false;

  /** @param {HTMLTextAreaElement} area @param {HTMLElement} [layer] lies over it */
  constructor(area, layer = byId('overlay', HTMLElement)) {
    this.#area = area;
    this.#layer = layer;
    layer.append(this.#marks, this.#carets);
    for (const event of ['input', 'scroll', 'focus', 'blur']) {
      area.addEventListener(event, () => this.redraw());
    }
    document.addEventListener('selectionchange', () => this.redraw());
    document.fonts.addEventListener('loadingdone', () => {
      this.#geometry?.forget();
      this.redraw();
    });
    new ResizeObserver(() => this.redraw()).observe(area);
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

  /** @param {readonly Stretch[]} regions */
  showRegions(regions) {
    this.#regions = regions;
    this.redraw();
  }

  /** Something moved. */
  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#people.length === 0 && this.#regions.length === 0) {
      this.#marks.replaceChildren();
      return;
    }
    this.#cover();
    this.#geometry ??= new Geometry(this.#area, this.#layer);
    const view = this.#geometry.view();
    const marks = [
      ...this.#people.flatMap((person) => this.#selectionOf(person, view)),
      ...this.#regions.flatMap((region) => this.#boxes('disputed', region, view)),
    ];
    const own = this.#ownCaret(view);
    const spots = this.#spots(view);
    this.#marks.replaceChildren(...marks);
    for (const { client } of this.#people) {
      this.#marksOf.get(client)?.place(spots.get(client), own, this.#area);
    }
  }

  /** Lie where the text is: not over scroll bars, and not over what is beside the textarea. */
  #cover() {
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
      mark.style.width = `${Math.max(box.width, LEAST_PX)}px`;
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
    this.#name.textContent = name;
    this.#initial.textContent = ([...name][0] ?? '').toUpperCase();
    if (moves === this.#moves) return;
    this.#moves = moves;
    this.#element.classList.add('moved');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#element.classList.remove('moved'), NAMED_MS);
  }

  /**
   * @param {Spot | undefined} spot undefined: out of view
   * @param {Caret | undefined} own the user's own caret, whose line no name may cover
   * @param {HTMLElement} area
   */
  place(spot, own, area) {
    this.#element.hidden = !spot;
    if (!spot) return;
    const { x, y, height } = spot.at;
    const isFree = (/** @type {number} */ from) =>
      from >= -CUT_MOST_PX && (!own || from + NAME_PX <= own.y || from >= own.y + own.height);
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

/** One box for each stretch of a line: what is translucent must not overlap. @param {Box[]} boxes */
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
