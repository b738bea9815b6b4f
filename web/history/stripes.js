// Coloured stripes beside the lines of the editor, which say who wrote most of each. They follow the
// text while people type; who wrote the new words is asked from the server in a pause. For screen
// readers there is a list.

import { Geometry } from '../editor/geometry.js';
import { legible } from '../people/colors.js';
import { diffSplices } from '../text/diff_splices.js';
import { say } from '../text/say.js';
import { inUnits } from '../text/splices.js';
import { rootFrom } from '../ui/addresses.js';
import { styleSheet } from '../ui/loading.js';
import { AuthorColors } from './author_colors.js';
import { stripesOf } from './line_authors.js';
import { pieceOf, spliced } from './pieces.js';

/** @typedef {import('./line_authors.js').Stripe} Stripe */
/** @typedef {import('./pieces.js').Piece} Piece */
/**
 * @typedef {object} StripesHost
 * @property {string} document its name
 * @property {HTMLTextAreaElement} area
 * @property {() => string} text the current one, in the editor
 * @property {() => {commit: string | null, text: string}} known the newest revision
 * @property {() => import('../people/faces.js').Face[]} people those who are here
 */

const PAUSE_MS = 2000;
const LISTED_MAX = 200;
const GAP_PX = 12;

export class AuthorStripes {
  #host;
  #colors;
  #geometry;
  #layer = document.createElement('div');
  #list = document.createElement('ul');
  #text = '';
  #commit = '';
  /** @type {Piece[]} */
  #pieces = [];
  /** @type {string[]} */
  #names = [];
  #areShown = false;
  #isDue = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** Load what they look like. @param {StripesHost} host */
  static async load(host) {
    await styleSheet('history/stripes.css');
    return new AuthorStripes(host);
  }

  /** @param {StripesHost} host */
  constructor(host) {
    this.#host = host;
    this.#colors = new AuthorColors(host.people);
    this.#layer.id = 'stripes';
    this.#layer.ariaHidden = 'true';
    this.#list.className = 'sr-only';
    this.#list.ariaLabel = say('authorsByLine');
    host.area.after(this.#layer, this.#list);
    this.#geometry = new Geometry(host.area, this.#layer);
    for (const event of ['input', 'scroll'])
      host.area.addEventListener(event, () => this.#redraw());
    new ResizeObserver(() => this.#redraw()).observe(host.area, { box: 'border-box' });
  }

  /** @param {boolean} areShown */
  show(areShown) {
    this.#areShown = areShown;
    this.#layer.hidden = this.#list.hidden = !areShown;
    this.#redraw();
  }

  #redraw() {
    if (this.#isDue || !this.#areShown) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    this.#follow();
    const view = this.#geometry.view();
    const left = Number.parseFloat(getComputedStyle(this.#host.area).paddingLeft) - GAP_PX;
    const stripes = stripesOf(this.#pieces)
      .filter(({ start, end }) => start < view.end && end >= view.start)
      .map((stripe) => this.#stripe(stripe, view, left));
    for (const old of this.#layer.querySelectorAll('i')) old.remove();
    this.#layer.append(...stripes);
  }

  /** @param {Stripe} stripe @param {import('../editor/geometry.js').Stretch} view @param {number} left */
  #stripe({ author, start, end }, view, left) {
    const name = this.#names[author] ?? '';
    const from = this.#geometry.caretAt(Math.max(start, view.start));
    const to = this.#geometry.caretAt(Math.min(end, view.end));
    const element = document.createElement('i');
    element.title = name;
    element.style.setProperty('--person', legible(this.#colors.of(name)));
    const height = `${to.y + to.height - from.y}px`;
    Object.assign(element.style, { left: `${left}px`, top: `${from.y}px`, height });
    return element;
  }

  /** Adopt the text of the editor, and ask for its authors once it stays the same. */
  #follow() {
    const text = this.#host.text();
    if (text !== this.#text) {
      this.#pieces = spliced(this.#pieces, diffSplices(this.#text, text), null).pieces;
      this.#text = text;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (this.#commit !== this.#host.known().commit)
      this.#timer ??= setTimeout(() => this.#ask(), PAUSE_MS);
  }

  async #ask() {
    const { commit, text } = this.#host.known();
    const { document } = this.#host;
    const address = `${rootFrom(document)}api/documents/${document}/authors?revision=${commit}`;
    const response = await fetch(address).catch(() => null);
    this.#timer = undefined;
    if (!commit || !response?.ok) return; // with the next change
    const { authors, runs } = await response.json();
    this.#names = authors.map((/** @type {{name: string}} */ { name }) => name);
    this.#commit = commit;
    this.#text = text;
    this.#pieces = piecesBy(runs, text);
    this.#showList();
    this.#redraw();
  }

  #showList() {
    const items = stripesOf(this.#pieces)
      .slice(0, LISTED_MAX)
      .map(({ author, first, last }) => {
        const item = document.createElement('li');
        const isOne = first === last;
        const where = isOne ? say('onLine', { line: first }) : say('lineRange', { first, last });
        item.textContent = say('authorOfLines', { name: this.#names[author] ?? '', where });
        return item;
      });
    this.#list.replaceChildren(...items);
  }
}

/** @param {readonly [length: number, author: number][]} runs @param {string} text @returns {Piece[]} */
function piecesBy(runs, text) {
  let position = 0;
  const splices = runs.map(([length]) => {
    position += length;
    return /** @type {[number, number, string]} */ ([position - length, length, '']);
  });
  return inUnits(text, splices).map(([start, length], index) =>
    pieceOf(text.slice(start, start + length), runs[index]?.[1] ?? null),
  );
}
