// Parked conflicts: a button with their number, and a panel that lists them. Anyone may review one,
// in the dialog for conflicts.

import { joined } from '../replica/joined_hunks.js';
import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { ago, dayAndTime, fullDate } from '../ui/phrases.js';
import { ofParked } from './wording.js';

/**
 * @typedef {{id: string, commit: string, name: string, time: number, hunks: number,
 *   characters: number, excerpt: string}} Entry time: in seconds since the epoch
 * @typedef {import('../replica/protocol.js').UnmergedConflict & {id: string, time: number}} Parked
 * @typedef {{self: () => {client: string | undefined, name: string}, isBusy: () => boolean,
 *   review: (parked: Parked, wording: import('./wording.js').Wording,
 *     opener: HTMLElement) => void, opened: () => void}} ParkedListener isBusy: whether a conflict of the
 *   user's own is open
 */

export class ParkedView {
  #address;
  #listener;
  #count = 0;
  #button = byId('parked-button', HTMLButtonElement);
  #panel = byId('parked', HTMLElement);
  #list = byId('parked-list', HTMLUListElement);
  #note = byId('parked-note', HTMLElement);
  #again = byId('parked-again', HTMLButtonElement);

  /** @param {string} document @param {ParkedListener} listener */
  constructor(document, listener) {
    this.#address = `../api/documents/${document}/unmerged`;
    this.#listener = listener;
    this.#panel.addEventListener('toggle', () => {
      if (!this.#isOpen) return;
      this.#listener.opened();
      this.#load();
    });
    this.#again.onclick = () => this.#load();
  }

  /** Show the server's count. @param {number} count */
  show(count) {
    if (count === this.#count) return;
    this.#count = count;
    this.#button.hidden = count === 0;
    this.#button.textContent = say('unresolved', { count });
    if (this.#isOpen) this.#load();
  }

  get #isOpen() {
    return this.#panel.matches(':popover-open');
  }

  async #load(after = '') {
    this.#again.hidden = true;
    this.#note.textContent = after || (this.#list.children.length > 0 ? '' : say('loading'));
    const reply = await ask(this.#address);
    const entries = reply?.body?.unmerged;
    if (reply?.status === 404) this.#fill([], after);
    else if (Array.isArray(entries)) this.#fill(entries, after);
    else this.#fail();
  }

  #fail() {
    this.#note.textContent = say('parkedFailed');
    this.#again.hidden = false;
  }

  /** @param {Entry[]} entries @param {string} note */
  #fill(entries, note) {
    const isBusy = this.#listener.isBusy();
    const usual = entries.length === 0 ? say('parkedNone') : isBusy ? say('parkedBusy') : '';
    this.#note.textContent = note || usual;
    this.#list.replaceChildren(...entries.map((entry) => this.#item(entry, isBusy)));
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
    const reply = await ask(`${this.#address}/${entry.id}`);
    if (!this.#isOpen) return; // the user has closed the panel
    if (reply?.status === 404) {
      this.#load(say('parkedGone'));
    } else if (reply?.body) {
      const parked = joined(/** @type {Parked} */ (reply.body));
      const isMerging = parked.hunks.length === 0;
      const when = dayAndTime(entry.time * 1000, Date.now());
      const wording = ofParked(entry.name, this.#isOwn(entry), when, isMerging);
      this.#panel.hidePopover();
      this.#listener.review(parked, wording, this.#button);
    } else this.#fail();
  }

  /** Whether the user parked it: a parked branch is named after its client. @param {Entry} entry */
  #isOwn({ id, name }) {
    const { client, name: ownName } = this.#listener.self();
    return name === ownName || (client !== undefined && id.split('-')[0] === client);
  }
}

/** @param {string} address @returns {Promise<{status: number, body: any} | null>} null: no answer */
async function ask(address) {
  try {
    const reply = await fetch(address, { cache: 'no-store' });
    return { status: reply.status, body: reply.ok ? await reply.json() : null };
  } catch {
    return null;
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
