// What was put aside and waits for somebody: a quiet button that says how much there is, and a
// panel with a list. Anybody may review a part; the dialog of a conflict does the rest.

import { ago } from '../ui/ago.js';
import { byId } from '../ui/dom.js';
import { ofParked, parts } from './wording.js';

/**
 * @typedef {{id: string, commit: string, name: string, time: number, hunks: number,
 *   characters: number, excerpt: string}} Entry time: in seconds since 1970
 * @typedef {import('../replica/protocol.js').Dispute & {id: string, time: number}} Parked
 * @typedef {{own: () => {client: string | undefined, name: string}, isBusy: () => boolean,
 *   review: (parked: Parked, wording: import('./wording.js').Wording,
 *     opener: HTMLElement) => void}} ParkedListener isBusy: an own conflict is open
 */

const GONE = 'Somebody has dealt with it already.';
const FAILED = 'This could not be loaded. Check the connection, then try again.';
const BUSY = 'Answer your own conflict first (F8). Then you can review these.';

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
    this.#address = `/api/documents/${document}/unmerged`;
    this.#listener = listener;
    this.#panel.addEventListener('toggle', () => {
      if (this.#isOpen) this.#load();
    });
    this.#again.onclick = () => this.#load();
  }

  /** How many there are, as the server says. @param {number} count */
  show(count) {
    if (count === this.#count) return;
    this.#count = count;
    this.#button.hidden = count === 0;
    this.#button.textContent = `${parts(count)} put aside`;
    if (this.#isOpen) this.#load();
  }

  get #isOpen() {
    return this.#panel.matches(':popover-open');
  }

  async #load(after = '') {
    this.#again.hidden = true;
    this.#note.textContent = after || (this.#list.children.length > 0 ? '' : 'Loading …');
    const reply = await ask(this.#address);
    const entries = reply?.body?.unmerged;
    if (reply?.status === 404) this.#fill([], after);
    else if (Array.isArray(entries)) this.#fill(entries, after);
    else this.#fail();
  }

  #fail() {
    this.#note.textContent = FAILED;
    this.#again.hidden = false;
  }

  /** @param {Entry[]} entries @param {string} note */
  #fill(entries, note) {
    const isBusy = this.#listener.isBusy();
    const usual = entries.length === 0 ? 'Nothing is put aside any more.' : isBusy ? BUSY : '';
    this.#note.textContent = note || usual;
    this.#list.replaceChildren(...entries.map((entry) => this.#item(entry, isBusy)));
  }

  /** @param {Entry} entry @param {boolean} isBusy */
  #item(entry, isBusy) {
    const who = this.#isOwn(entry) ? 'You' : entry.name;
    const time = document.createElement('time');
    time.textContent = ago(entry.time * 1000, Date.now());
    time.title = fullDate(entry.time);
    const excerpt = document.createElement('p');
    excerpt.className = 'excerpt';
    excerpt.textContent = entry.excerpt || '(only deleted)';
    const review = document.createElement('button');
    review.type = 'button';
    review.textContent = 'Review';
    review.ariaLabel = `Review: ${who}, ${time.textContent}`;
    review.ariaDisabled = String(isBusy);
    review.setAttribute('aria-describedby', 'parked-note');
    review.onclick = () => this.#review(entry);
    const item = document.createElement('li');
    item.append(bold(who), ' ', time, ` · ${amount(entry)}`, excerpt, review);
    return item;
  }

  /** @param {Entry} entry */
  async #review(entry) {
    if (this.#listener.isBusy()) {
      this.#note.textContent = BUSY;
      return;
    }
    const reply = await ask(`${this.#address}/${entry.id}`);
    if (!this.#isOpen) return; // the person went on to something else
    if (reply?.status === 404) {
      this.#load(GONE);
    } else if (reply?.body) {
      const parked = /** @type {Parked} */ (reply.body);
      const isMerging = parked.hunks.length === 0;
      const wording = ofParked(entry.name, this.#isOwn(entry), shortDate(entry.time), isMerging);
      this.#panel.hidePopover();
      this.#listener.review(parked, wording, this.#button);
    } else this.#fail();
  }

  /** A branch that was put aside is named after its client. @param {Entry} entry */
  #isOwn({ id, name }) {
    const { client, name: ownName } = this.#listener.own();
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
function amount({ hunks, characters }) {
  const places = hunks === 1 ? '1 place' : `${hunks} places`;
  return `${places}, ${characters === 1 ? '1 character' : `${characters} characters`}`;
}

/** @param {number} time */
function fullDate(time) {
  return new Date(time * 1000).toLocaleString('en', { dateStyle: 'full', timeStyle: 'short' });
}

/** @param {number} time */
function shortDate(time) {
  const date = new Date(time * 1000);
  const isRecent = Date.now() - date.getTime() < 6 * 86_400_000;
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isRecent ? { weekday: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' };
  const clock = date.toLocaleTimeString('en', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return `${date.toLocaleDateString('en', day)} ${clock}`;
}

/** @param {string} text */
function bold(text) {
  const element = document.createElement('strong');
  element.textContent = text;
  return element;
}
