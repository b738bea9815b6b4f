// The list of versions beside the text, by day, the newest first; older ones are loaded when the end
// of the list comes into view. Each version is a link to its address.

import { newFace } from '../people/faces.js';
import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { hashOf } from './address.js';
import { byDay, dateOf, timeOf } from './days.js';
import { namesOf, titleOfVersion } from './titles.js';
import { OPEN } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */
/**
 * @typedef {{chosen: (version: Version) => void, endReached: () => void,
 *   rename: (version: Version) => void, colorOf: (name: string) => string}} ListListener rename: give it a
 *   name, or another one
 */

const FACES_MAX = 4;
/** @type {Partial<Record<Version['kind'], import('../text/say.js').SentenceName>>} */
const KINDS = { push: 'kindPush', file: 'kindFile' };

export class VersionList {
  #listener;
  #panel = byId('versions', HTMLElement);
  #list = byId('version-list', HTMLElement);
  #onlyNamed = byId('only-named', HTMLInputElement);
  #endOfList = byId('version-end', HTMLElement);
  /** @type {readonly Version[]} */
  #versions = [];
  #hasMore = false;
  #canName = false;
  /** @type {Version | null} */
  #shown = null;
  /** @type {Map<string, HTMLLIElement>} by id */
  #items = new Map();
  #end = new IntersectionObserver((seen) => {
    if (seen.some(({ isIntersecting }) => isIntersecting)) this.#listener.endReached();
  });

  /** @param {ListListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#list.addEventListener('keydown', (event) => this.#onKey(event));
    this.#onlyNamed.onchange = () => {
      this.show(this.#versions, this.#hasMore, this.#canName);
      this.mark(this.#shown);
    };
    this.#panel.addEventListener('toggle', () => this.#reveal()); // on a phone it is a sheet
  }

  /**
   * @param {readonly Version[]} versions
   * @param {boolean} hasMore
   * @param {boolean} canName
   */
  show(versions, hasMore, canName) {
    const focused = [...this.#items].find(([, it]) => it.contains(document.activeElement))?.[0];
    this.#items.clear();
    [this.#versions, this.#hasMore, this.#canName] = [versions, hasMore, canName];
    const listed = this.#onlyNamed.checked ? versions.filter(({ name }) => name) : versions;
    const days = byDay(listed, Date.now()).map(({ label, versions: ofDay }) => {
      const day = document.createElement('div');
      const heading = document.createElement('h3');
      heading.textContent = label;
      const list = document.createElement('ol');
      list.append(...ofDay.map((version) => this.#item(version, canName)));
      day.append(heading, list);
      return day;
    });
    this.#list.replaceChildren(...days);
    if (focused) this.#items.get(focused)?.querySelector('a')?.focus();
    this.#end.disconnect();
    if (hasMore) this.#end.observe(this.#endOfList);
  }

  /** Mark the version that is shown, and scroll to it. @param {Version | null} version */
  mark(version) {
    this.#shown = version;
    for (const [id, item] of this.#items) {
      const isShown = id === version?.id;
      const link = item.querySelector('a');
      if (link) link.ariaCurrent = isShown ? 'true' : null;
      item.classList.toggle('current', isShown);
    }
    this.#reveal();
  }

  /** Give the version that is shown the focus. */
  focus() {
    const link = this.#list.querySelector('.current a');
    if (link instanceof HTMLElement) link.focus();
  }

  /** Scroll to the version that is shown, unless it is in view. */
  #reveal() {
    const item = this.#list.querySelector('li.current');
    if (!(item instanceof HTMLElement)) return;
    const { scrollTop, clientHeight } = this.#panel;
    const [top, bottom] = [item.offsetTop, item.offsetTop + item.offsetHeight];
    if (top < scrollTop || bottom > scrollTop + clientHeight)
      this.#panel.scrollTop = (top + bottom - clientHeight) / 2;
  }

  /** @param {Version} version @param {boolean} canName */
  #item(version, canName) {
    const link = document.createElement('a');
    link.href = hashOf(version.slug || version.id);
    link.append(...this.#describing(version));
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
      event.preventDefault();
      this.#listener.chosen(version);
    };
    const item = document.createElement('li');
    item.append(link);
    if (canName) item.append(this.#nameButton(version));
    this.#items.set(version.id, item);
    return item;
  }

  /** @param {Version} version */
  #describing(version) {
    const { id, name, note, kind, subject, authors, began, time } = version;
    const when = document.createElement('time');
    when.textContent =
      id === OPEN ? say('nowSince', { time: timeOf(began * 1000) }) : timeOf(time * 1000);
    when.title = dateOf(time * 1000);
    const faces = part('by');
    for (const author of authors.slice(0, FACES_MAX))
      faces.append(newFace({ name: author.name, color: this.#listener.colorOf(author.name) }));
    faces.append(part('names', namesOf(authors)));
    const kindName = KINDS[kind];
    const what = kindName ? `${say(kindName)} ${subject}` : subject;
    return [
      ...(name ? [part('name', name), ' '] : []),
      when,
      ' ',
      faces,
      ' ',
      part('subject', kind === 'restore' ? this.#restoring(version) : what),
      ' ',
      amountOf(authors),
      ...(note ? [' ', part('note', note)] : []),
    ];
  }

  /** @param {Version} version one that restores another */
  #restoring({ restores }) {
    const restored = this.#versions.find(({ revision }) => revision === restores);
    if (!restored) return say('kindRestore');
    return say('kindRestoreOf', { version: titleOfVersion(restored, Date.now()) });
  }

  /** @param {Version} version */
  #nameButton(version) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'bare';
    button.textContent = say(version.name ? 'editName' : 'nameVersion');
    button.onclick = () => this.#listener.rename(version);
    return button;
  }

  /** The arrow keys go to the version above and below. @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    const links = [...this.#list.querySelectorAll('a')];
    const next = links[links.indexOf(/** @type {any} */ (document.activeElement)) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}

/** "+84 −12", and in words for screen readers. @param {Version['authors']} authors */
function amountOf(authors) {
  const [added, removed] = [sum(authors, 'added'), sum(authors, 'removed')];
  const figures = part('figures');
  figures.ariaHidden = 'true';
  if (added > 0) figures.append(part('plus', `+${added}`));
  if (removed > 0) figures.append(' ', part('minus', `−${removed}`));
  const amount = part('amount');
  amount.title = say('wordsChanged', { added: say('words', { count: added }), removed });
  amount.append(figures, part('sr-only', amount.title));
  return amount;
}

/** @param {Version['authors']} authors @param {'added' | 'removed'} what */
function sum(authors, what) {
  return authors.reduce((total, author) => total + author[what], 0);
}

/** @param {string} className @param {string} [text] */
function part(className, text = '') {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = text;
  return span;
}
