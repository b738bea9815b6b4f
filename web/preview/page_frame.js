// The frame in which a text is shown as a page: the second line of defence, with a policy of its own, and
// without scripts. The page around it adds the elements; those of unchanged blocks stay.

import { say } from '../text/say.js';
import { Slugs } from '../text/slugs.js';
import { clean } from './clean.js';
import { blockOf, topIn } from './positions.js';

/** @typedef {import('./markdown.js').Block} Block */
/** @typedef {Block & {start: number, element: HTMLElement}} Placed start: in the text */
/**
 * @typedef {object} FrameListener
 * @property {(block: Placed, index: number, isDone: boolean) => boolean} ticked a task of a block; returns
 *   whether it could be
 * @property {(event: KeyboardEvent) => void} key
 * @property {() => void} scrolled
 * @property {(id: string) => void} linked to a heading
 */

// How long the page may be busy at once.
const SLICE_MS = 8;
// How many elements are added at once: the browser lays out the whole page again each time.
const BATCH = 250;
const SANDBOX = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-modals';
const HEADINGS = 'h1, h2, h3, h4, h5, h6';
const LABEL_MAX = 80;

export class PageFrame {
  #purify;
  #place;
  #listener;
  #frame;
  #document;
  #root;
  #areEventsHeard = false;
  /** @type {WeakMap<Element, {html: string, refused: Set<string>}>} what a block's element was made from */
  #made = new WeakMap();
  /** @type {readonly Placed[]} */
  #placed = [];
  #turn = 0; // of showing

  /**
   * Load the frame.
   *
   * @param {HTMLElement} parent
   * @param {import('./clean.js').DOMPurify} purify
   * @param {import('./clean.js').Place} place
   * @param {FrameListener} listener
   */
  static async load(parent, purify, place, listener) {
    const frame = document.createElement('iframe');
    frame.title = say('preview');
    frame.setAttribute('sandbox', SANDBOX);
    const address = new URL('../../preview', import.meta.url);
    for (const server of place.servers) address.searchParams.append('pictures', server);
    frame.src = address.href;
    const loaded = new Promise((resolve) => {
      frame.onload = resolve;
    });
    parent.replaceChildren(frame);
    await loaded;
    return new PageFrame(frame, purify, place, listener);
  }

  /**
   * @param {HTMLIFrameElement} frame
   * @param {import('./clean.js').DOMPurify} purify
   * @param {import('./clean.js').Place} place
   * @param {FrameListener} listener
   */
  constructor(frame, purify, place, listener) {
    const root = frame.contentDocument?.querySelector('article');
    if (!root) throw new Error('the frame is not there');
    this.#purify = purify;
    this.#place = place;
    this.#listener = listener;
    this.#frame = frame;
    this.#document = root.ownerDocument;
    this.#root = root;
    root.tabIndex = 0; // so that keys scroll it
    this.#listen();
    this.#adoptLook();
    new MutationObserver(() => this.#adoptLook()).observe(document.documentElement, {
      attributeFilter: ['data-scheme', 'data-size'],
    });
  }

  /** The blocks that are shown, and where. */
  get placed() {
    return this.#placed;
  }

  /** The headings that are shown, in their order. @returns {HTMLElement[]} */
  get headings() {
    return [...this.#root.querySelectorAll(/** @type {'h1'} */ (HEADINGS))];
  }

  /** The servers of pictures that are not loaded. */
  get refused() {
    const all = this.#placed.flatMap(({ element }) => [
      ...(this.#made.get(element)?.refused ?? []),
    ]);
    return new Set(all);
  }

  /** The element that scrolls. */
  get scroller() {
    return this.#document.documentElement;
  }

  /** A copy of what is shown. */
  copy() {
    return /** @type {HTMLElement} */ (this.#root.cloneNode(true));
  }

  print() {
    this.#frame.contentWindow?.print();
  }

  /** @param {string} id of a heading @returns {boolean} whether there is one */
  goTo(id) {
    const heading = this.headings.find((it) => it.id === id);
    heading?.scrollIntoView();
    return heading !== undefined;
  }

  /** Go to a part of the text, and mark its block. @param {number} offset */
  goToOffset(offset) {
    if (this.#placed.length === 0) return;
    for (const { element } of this.#placed) delete element.dataset.linked;
    blockOf(this.#placed, offset).element.dataset.linked = '';
    this.scroller.scrollTop = topIn(this.#placed, offset) - this.scroller.clientHeight / 4;
  }

  /**
   * Show a text.
   *
   * @param {readonly Block[]} blocks
   * @param {boolean} canTick whether the user may tick tasks
   * @returns {Promise<boolean>} whether it is shown: not if another came meanwhile
   */
  async show(blocks, canTick) {
    const turn = ++this.#turn;
    const root = this.#root;
    const old = [...root.children];
    const isSame = (/** @type {Element | undefined} */ element, /** @type {Block} */ block) =>
      element !== undefined && this.#made.get(element)?.html === block.html;
    let [first, last] = [0, 0];
    while (first < blocks.length && isSame(old[first], at(blocks, first))) first++;
    const most = Math.min(old.length, blocks.length) - first;
    while (last < most && isSame(old.at(-last - 1), at(blocks, blocks.length - last - 1))) last++;
    const spare = this.#byHtml(old.slice(first, old.length - last));
    const elements = old.slice(0, first);
    /** @type {Element | null} */
    let next = old[first] ?? null;
    const batch = this.#document.createDocumentFragment();
    let untilMs = performance.now() + SLICE_MS;
    for (const block of blocks.slice(first, blocks.length - last)) {
      if (performance.now() > untilMs) {
        await afterOthers();
        if (turn !== this.#turn) return false;
        untilMs = performance.now() + SLICE_MS;
      }
      const element = spare.get(block.html)?.shift() ?? this.#make(block);
      elements.push(element);
      if (element !== next) batch.append(element);
      if (element === next || batch.childElementCount >= BATCH) root.insertBefore(batch, next);
      if (element === next) next = element.nextElementSibling;
    }
    root.insertBefore(batch, next);
    for (const left of [...spare.values()].flat()) left.remove();
    elements.push(...old.slice(old.length - last));
    this.#placed = placed(blocks, /** @type {HTMLElement[]} */ (elements));
    for (const block of this.#placed) this.#showTasks(block, canTick);
    this.#nameHeadings();
    return true;
  }

  /** @param {Block} block */
  #make({ html }) {
    const { content, refused } = clean(this.#purify, html, this.#place);
    const element = this.#document.createElement('div');
    element.dir = 'auto';
    element.append(content);
    this.#made.set(element, { html, refused });
    return element;
  }

  /** @param {Element[]} elements */
  #byHtml(elements) {
    /** @type {Map<string, Element[]>} */
    const found = new Map();
    for (const element of elements) {
      const html = this.#made.get(element)?.html ?? '';
      found.set(html, [...(found.get(html) ?? []), element]);
    }
    return found;
  }

  /** @param {Placed} block @param {boolean} canTick */
  #showTasks({ element, tasks }, canTick) {
    if (tasks.length === 0) return;
    element.querySelectorAll('input').forEach((box, index) => {
      const { offset, isDone } = tasks[index] ?? { offset: -1, isDone: false };
      box.checked = box.defaultChecked = isDone;
      box.disabled = !canTick || offset < 0 || !this.#areEventsHeard;
      const [words = ''] = (box.closest('li')?.textContent ?? '').trim().split('\n', 1);
      box.ariaLabel = words.slice(0, LABEL_MAX);
    });
  }

  #nameHeadings() {
    const slugs = new Slugs();
    for (const heading of this.headings) {
      const id = slugs.of(heading.textContent ?? '');
      if (heading.id !== id) heading.id = id;
    }
  }

  #listen() {
    const [frame, listener] = [this.#document, this.#listener];
    frame.addEventListener('click', (event) => this.#clicked(event));
    frame.addEventListener('keydown', listener.key);
    frame.addEventListener('scroll', listener.scrolled);
    // Safari may not call the page for events in a frame without scripts.
    frame.addEventListener('gollabedit', () => {
      this.#areEventsHeard = true;
    });
    frame.dispatchEvent(new Event('gollabedit'));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const link = target.closest('a');
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (link?.getAttribute('href')?.startsWith('#')) {
      event.preventDefault();
      this.#listener.linked(decodeURIComponent(link.hash.slice(1)));
    } else if (link?.dataset.document && isPlain) {
      event.preventDefault();
      location.assign(link.href);
    } else if (target.matches('input')) {
      this.#tick(/** @type {HTMLInputElement} */ (target));
    }
  }

  /** @param {HTMLInputElement} box it has changed */
  #tick(box) {
    const block = this.#placed.find(({ element }) => element.contains(box));
    const index = block ? [...block.element.querySelectorAll('input')].indexOf(box) : -1;
    if (!block || !this.#listener.ticked(block, index, box.checked)) box.checked = !box.checked;
  }

  /** Use the theme and text size of the page around it. */
  #adoptLook() {
    const { scheme, size } = document.documentElement.dataset;
    Object.assign(this.#document.documentElement.dataset, {
      scheme: scheme ?? '',
      size: size ?? '',
    });
  }
}

/** @template T @param {readonly T[]} list @param {number} index one that is there */
function at(list, index) {
  return /** @type {T} */ (list[index]);
}

/** @param {readonly Block[]} blocks @param {readonly HTMLElement[]} elements @returns {Placed[]} */
function placed(blocks, elements) {
  let end = 0;
  return blocks.map((block, index) => {
    end += block.length;
    return { ...block, start: end - block.length, element: at(elements, index) };
  });
}

/** Wait until the browser has done what waits: events, and a frame if one is due. */
function afterOthers() {
  return new Promise((resolve) => setTimeout(resolve));
}
