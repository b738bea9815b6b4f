// The text of the history: read-only, with the changes in the colours of their authors, marks of them
// along the scroll bar, and one change that is the current one.

import { legible } from '../people/colors.js';
import { shown } from '../text/endings.js';
import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { marksOf } from './changes.js';

/** @typedef {import('./changes.js').Comparison} Comparison */
/** @typedef {import('./pieces.js').Piece} Piece */
/** @typedef {import('../people/faces.js').Face} Face */

const MARK_PX = 4;
// Less of a line than this does not count as in view.
const EDGE_PX = 40;

export class TextView {
  #text = byId('past-text', HTMLElement);
  #marks = byId('past-marks', HTMLElement);
  #chosen;
  /** @type {HTMLElement[][]} the elements of each change */
  #changes = [];
  #current = -1;
  /** @type {readonly Piece[]} */
  #pieces = [];

  /** @param {(change: number) => void} chosen a change was clicked */
  constructor(chosen) {
    this.#chosen = chosen;
    // It scrolls, so keys must reach it; and within it screen readers read instead of pressing buttons.
    Object.assign(this.#text, { role: 'document', tabIndex: 0 });
    this.#text.setAttribute('aria-labelledby', 'past-title');
    new ResizeObserver(() => this.#showMarks()).observe(this.#text);
    this.#text.onclick = ({ target }) => {
      const index = this.#changes.findIndex((parts) => parts.includes(/** @type {any} */ (target)));
      if (index >= 0 && getSelection()?.isCollapsed !== false) this.#chosen(index);
    };
  }

  /**
   * Show a comparison.
   *
   * @param {Comparison} comparison
   * @param {readonly Face[]} authors
   */
  show({ parts, changes }, authors) {
    this.#pieces = [];
    this.#changes = changes.map(() => []);
    this.#current = -1;
    const nodes = parts.map((part) => {
      if (part.kind === 'kept' && part.change === null) return shown(part.text);
      const element = elementOf(part);
      color(element, authors, part.author);
      if (part.change !== null) this.#changes[part.change]?.push(element);
      return element;
    });
    this.#text.replaceChildren(...nodes);
    this.#text.scrollTop = 0;
    this.#showMarks();
  }

  /** Make a change the current one, and scroll to it. @param {number} index */
  goTo(index) {
    for (const part of this.#changes[this.#current] ?? []) part.classList.remove('current');
    this.#current = index;
    const parts = this.#changes[index] ?? [];
    for (const part of parts) part.classList.add('current');
    if (parts[0]) this.#reveal(parts[0]);
  }

  /** Show that a change was taken back. @param {number} index */
  markDone(index) {
    for (const part of this.#changes[index] ?? []) part.classList.add('done');
  }

  /**
   * Show a moment of a playback: only pieces that changed are drawn again.
   *
   * @param {readonly Piece[]} pieces
   * @param {number} last the piece to be in view
   * @param {readonly Face[]} authors
   */
  showPieces(pieces, last, authors) {
    if (this.#pieces.length === 0) {
      this.#text.replaceChildren();
      this.#marks.replaceChildren();
      this.#changes = [];
    }
    const [old, nodes] = [this.#pieces, this.#text.childNodes];
    let first = 0;
    while (first < pieces.length && pieces[first] === old[first]) first++;
    let behind = 0;
    const most = Math.min(pieces.length, old.length) - first;
    while (behind < most && pieces.at(-1 - behind) === old.at(-1 - behind)) behind++;
    for (let index = old.length - behind - 1; index >= first; index--) nodes[index]?.remove();
    const next = nodes[first] ?? null;
    for (const piece of pieces.slice(first, pieces.length - behind))
      this.#text.insertBefore(elementOfPiece(piece, authors), next);
    this.#pieces = pieces;
    const changed = nodes[last];
    if (changed instanceof HTMLElement) this.#reveal(changed);
  }

  /** Scroll to a part unless its start is in view. @param {HTMLElement} part */
  #reveal({ offsetTop }) {
    const { scrollTop, clientHeight } = this.#text;
    const isInView = scrollTop <= offsetTop && offsetTop < scrollTop + clientHeight - EDGE_PX;
    if (!isInView) this.#text.scrollTop = offsetTop - clientHeight / 2;
  }

  #showMarks() {
    const { scrollHeight, clientHeight } = this.#text;
    const places = this.#changes.map((parts) => (parts[0]?.offsetTop ?? 0) / scrollHeight);
    const marks = marksOf(places, clientHeight / MARK_PX).map(({ at, change }) => {
      const mark = document.createElement('i');
      mark.style.top = `${at * 100}%`;
      const colors = this.#changes[change]?.map((it) => it.style.getPropertyValue('--person'));
      mark.style.setProperty('--person', colors?.find(Boolean) ?? 'var(--wrong)');
      mark.onclick = () => this.#chosen(change);
      return mark;
    });
    this.#marks.replaceChildren(...marks);
  }
}

/** @param {import('./changes.js').Part} part */
function elementOf({ kind, text }) {
  const tag = { added: 'ins', removed: 'del', kept: 'span', skipped: 'span' }[kind];
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = kind === 'skipped' ? say('leftOut') : shown(text);
  // Otherwise an added or removed line break would not be seen.
  if (/^\s*\n\s*$/.test(text)) element.dataset.blank = '⏎';
  return element;
}

/** @param {Piece} piece @param {readonly Face[]} authors */
function elementOfPiece({ text, author }, authors) {
  const element = document.createElement(author === null ? 'span' : 'ins');
  element.textContent = shown(text);
  color(element, authors, author);
  return element;
}

/** Show whose words an element holds. @param {HTMLElement} element @param {readonly Face[]} authors @param {number | null} index */
function color(element, authors, index) {
  const author = index === null ? undefined : authors[index];
  if (!author?.color) return;
  element.style.setProperty('--person', legible(author.color));
  element.title = author.name;
}
