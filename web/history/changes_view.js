// The changes in the text that is shown: which of them is the current one, the buttons to the next
// and the previous, the one that brings back what was there before, and whose colours are whose.

import { legible } from '../people/colors.js';
import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { TextView } from './text_view.js';
import { namesOf } from './titles.js';

/** @typedef {import('./changes.js').Change} Change */
/** @typedef {import('./changes.js').Comparison} Comparison */
/** @typedef {import('./versions.js').Author} Author */
/**
 * @typedef {{bring: (change: Change, text: string) => boolean, announce: (sentence: string) => void,
 *   colorOf: (name: string) => string}} ChangesListener bring: take a change back, and return whether it
 *   could be done; text: the one that the change led to
 */

const SPOKEN_MAX = 80;
/** @type {Comparison} */
const NOTHING = { parts: [], changes: [], after: '' };

export class ChangesView {
  #listener;
  #comparison = NOTHING;
  /** @type {readonly Author[]} */
  #authors = [];
  #current = 0;
  /** @type {number[]} the changes that were taken back */
  #done = [];
  #canEdit = false;
  #text = new TextView((index) => this.#goTo(index));
  #legend = byId('past-legend', HTMLElement);
  #previous = byId('past-previous', HTMLButtonElement);
  #next = byId('past-next', HTMLButtonElement);
  #bring = byId('past-bring', HTMLButtonElement);

  /** @param {ChangesListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#previous.onclick = () => this.step(-1);
    this.#next.onclick = () => this.step(1);
    this.#bring.onclick = () => this.#bringBack();
  }

  /** The number of changes. */
  get count() {
    return this.#comparison.changes.length;
  }

  /** @param {Comparison} comparison @param {readonly Author[]} authors @param {boolean} canEdit */
  show(comparison, authors, canEdit) {
    this.#comparison = comparison;
    this.#canEdit = canEdit;
    this.#done = [];
    this.#current = 0;
    this.#authors = authors;
    this.#showLegend(comparison.changes.flatMap((change) => change.authors));
    this.#text.show(comparison, this.#faces);
    this.#text.goTo(0);
    this.#showCurrent();
  }

  clear() {
    this.show(NOTHING, [], false);
  }

  /** Show a moment of a playback. @param {import('./playback.js').Playback} playback @param {readonly Author[]} authors */
  showMoment({ pieces, last }, authors) {
    this.#authors = authors;
    this.#showLegend([...authors.keys()]);
    this.#comparison = NOTHING;
    this.#text.showPieces(pieces, last, this.#faces);
    this.#showCurrent();
  }

  /** Go to a change before or after the current one. @param {number} steps */
  step(steps) {
    const index = this.#current + steps;
    if (index >= 0 && index < this.count) this.#goTo(index);
  }

  /** The change that was taken back last is there again. */
  undone() {
    this.#text.markDone(this.#done.pop() ?? -1, false);
    this.#showCurrent();
  }

  /** @param {number} index */
  #goTo(index) {
    this.#current = index;
    this.#text.goTo(index);
    this.#showCurrent();
    const change = this.#comparison.changes[index];
    if (change) this.#listener.announce(this.#spoken(change));
  }

  #bringBack() {
    const { changes, after } = this.#comparison;
    const change = changes[this.#current];
    if (!change || after === null || !this.#listener.bring(change, after)) return;
    this.#done.push(this.#current);
    this.#text.markDone(this.#current, true);
    this.#showCurrent();
  }

  #showCurrent() {
    const { changes, after } = this.#comparison;
    const change = changes[this.#current];
    const count = changes.length;
    byId('past-changes', HTMLElement).hidden = count === 0;
    byId('past-count', HTMLElement).textContent = say('step', { step: this.#current + 1, count });
    this.#previous.ariaDisabled = String(this.#current === 0);
    this.#next.ariaDisabled = String(this.#current >= count - 1);
    this.#bring.hidden = !this.#canEdit || after === null;
    this.#bring.textContent = say(change?.before ? 'bringBack' : 'takeOut');
    this.#bring.disabled = !change || this.#done.includes(this.#current);
  }

  get #faces() {
    return this.#authors.map(({ name }) => ({ name, color: this.#listener.colorOf(name) }));
  }

  /** @param {readonly number[]} authors those whose words are marked */
  #showLegend(authors) {
    const names = new Set(authors.map((index) => this.#authors[index]?.name ?? ''));
    const items = [...names].map((name) => {
      const item = document.createElement('li');
      item.textContent = name;
      item.style.setProperty('--person', legible(this.#listener.colorOf(name)));
      return item;
    });
    this.#legend.replaceChildren(...items);
    this.#legend.title = [...names].join(', '); // there may be more than fit
    this.#legend.hidden = items.length === 0;
  }

  /** @param {Change} change */
  #spoken({ before, after, authors }) {
    const who = namesOf(authors.flatMap((index) => this.#authors[index] ?? [])) || say('someone');
    const [removed, added] = [before, after].map(excerptOf);
    const place = say('step', { step: this.#current + 1, count: this.count });
    if (!before) return say('spokenAdded', { place, who, added });
    if (!after) return say('spokenRemoved', { place, removed });
    return say('spokenReplaced', { place, who, added, removed });
  }
}

/** @param {string} text */
function excerptOf(text) {
  const words = text.trim().replace(/\s+/g, ' ');
  return words.length > SPOKEN_MAX ? `${words.slice(0, SPOKEN_MAX)}…` : words;
}
