// The panel that lists parked conflicts; loaded when it is opened. Anyone who can edit may review one,
// in the dialog for conflicts.

import { joined } from '../replica/joined_hunks.js';
import { say } from '../text/say.js';
import { rootFrom } from '../ui/addresses.js';
import { answerOf, RefusedError, sentenceOf } from '../ui/answers.js';
import { byId } from '../ui/dom.js';
import { ago, dayAndTime, fullDate } from '../ui/phrases.js';
import { ofParked } from './wording.js';

/**
 * @typedef {{id: string, commit: string, name: string, time: number, hunks: number,
 *   characters: number, excerpt: string}} Entry time: in seconds since the epoch
 * @typedef {import('../replica/protocol.js').UnmergedConflict & {id: string, time: number}} Parked
 * @typedef {{self: () => {client: string | undefined, name: string}, isBusy: () => boolean,
 *   isViewOnly: () => boolean, review: (parked: Parked, wording: import('./wording.js').Wording,
 *     opener: HTMLElement) => void, opened: () => void}} ParkedListener isBusy: whether a conflict of the
 *   user's own is open; opened: the panel
 */

export class ParkedView {
  #address;
  #listener;
  #button = byId('parked-button', HTMLButtonElement);
  #panel = byId('parked', HTMLElement);
  #list = byId('parked-list', HTMLUListElement);
  #note = byId('parked-note', HTMLElement);
  #again = byId('parked-again', HTMLButtonElement);

  /** @param {string} document @param {ParkedListener} listener */
  constructor(document, listener) {
    this.#address = `${rootFrom(document)}api/documents/${document}/unmerged`;
    this.#listener = listener;
  }

  get #isOpen() {
    return this.#panel.matches(':popover-open');
  }

  async load(after = '') {
    this.#again.hidden = true;
    this.#note.textContent = after || (this.#list.children.length > 0 ? '' : say('loading'));
    try {
      this.#fill((await ask(this.#address))?.unmerged ?? [], after);
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** @param {unknown} problem */
  #fail(problem) {
    this.#note.textContent = sentenceOf(problem);
    this.#again.hidden = problem instanceof RefusedError;
  }

  /** @param {Entry[]} entries @param {string} note */
  #fill(entries, note) {
    const isBusy = this.#listener.isBusy();
    this.#note.textContent = note || this.#usualNote(entries.length, isBusy);
    this.#list.replaceChildren(...entries.map((entry) => this.#item(entry, isBusy)));
  }

  /** @param {number} count @param {boolean} isBusy */
  #usualNote(count, isBusy) {
    if (count === 0) return say('parkedNone');
    if (this.#listener.isViewOnly()) return say('parkedViewOnly');
    return isBusy ? say('parkedBusy') : '';
  }

  /** @param {Entry} entry @param {boolean} isBusy */
  #item(entry, isBusy) {
    const who = this.#isOwn(entry) ? say('yourself') : entry.name;
    const time = document.createElement('time');
    time.textContent = ago(entry.time * 1000, Date.now());
    time.title = fullDate(entry.time * 1000);
    const excerpt = document.createElement('p');
    excerpt.className = 'excerpt';
    excerpt.textContent = entry.excerpt || say('onlyDeletions');
    const review = document.createElement('button');
    review.type = 'button';
    review.hidden = this.#listener.isViewOnly();
    review.textContent = say('review');
    review.ariaLabel = say('reviewOf', { who, when: time.textContent });
    review.ariaDisabled = String(isBusy);
    review.setAttribute('aria-describedby', 'parked-note');
    review.onclick = () => this.#review(entry);
    const item = document.createElement('li');
    item.append(bold(who), ' ', time, amount(entry), excerpt, review);
    return item;
  }

  /** @param {Entry} entry */
  async #review(entry) {
    if (this.#listener.isBusy()) {
      this.#note.textContent = say('parkedBusy');
      return;
    }
    try {
      const found = await ask(`${this.#address}/${entry.id}`);
      if (!this.#isOpen) return; // the user has closed the panel
      if (found) this.#open(entry, joined(found));
      else this.load(say('parkedGone'));
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** @param {Entry} entry @param {Parked} parked */
  #open(entry, parked) {
    const isMerging = parked.hunks.length === 0;
    const when = dayAndTime(entry.time * 1000, Date.now());
    const wording = ofParked(entry.name, this.#isOwn(entry), when, isMerging);
    this.#panel.hidePopover();
    this.#listener.review(parked, wording, this.#button);
  }

  /** Whether the user parked it: a parked branch is named after its client. @param {Entry} entry */
  #isOwn({ id, name }) {
    const { client, name: ownName } = this.#listener.self();
    return name === ownName || (client !== undefined && id.split('-')[0] === client);
  }
}

/** @param {string} address @returns {Promise<any>} null: it is not there */
async function ask(address) {
  try {
    return await answerOf(fetch(address, { cache: 'no-store' }));
  } catch (problem) {
    if (problem instanceof RefusedError && problem.status === 404) return null;
    throw problem;
  }
}

/** @param {Entry} entry */
function amount({ hunks }) {
  return hunks === 0 ? ` · ${say('noConflictNow')}` : '';
}

/** @param {string} text */
function bold(text) {
  const element = document.createElement('strong');
  element.textContent = text;
  return element;
}
