// The Share panel and the card for a new document: the link; the command that clones the document; and
// a second window to try it out. Links for guests are loaded when a user who may make some opens the
// panel.

import { say } from '../text/say.js';
import { rootFrom } from '../ui/addresses.js';
import { byId } from '../ui/dom.js';
import { copy } from '../ui/export_text.js';

// With this option a plain `git push` is merged, however old its base (docs/git.md).
const MERGED = '-c remote.origin.push=HEAD:refs/for/master';
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const SHOWN_MS = 2000;

/** @param {string} name of the document @param {(sentence: string) => void} announce */
export function share(name, announce) {
  const link = location.origin + location.pathname;
  const repository = new URL(`${rootFrom(name)}${name}.git`, location.href);
  const command = `git clone ${repository} ${MERGED}`;
  offer('share-link', 'copy-link', link, announce);
  offer('welcome-link', 'welcome-copy', link, announce);
  offer('share-clone', 'copy-clone', command, announce);
  for (const note of document.querySelectorAll('.only-here')) {
    if (note instanceof HTMLElement) note.hidden = !LOCAL.includes(location.hostname);
  }
  for (const id of ['second-window', 'welcome-window']) {
    byId(id, HTMLButtonElement).onclick = () => openBeside(link);
  }
  offerToSend(name, link);
}

/**
 * @param {string} fieldId
 * @param {string} buttonId
 * @param {string} text
 * @param {(sentence: string) => void} announce
 */
function offer(fieldId, buttonId, text, announce) {
  const field = byId(fieldId, HTMLInputElement);
  const button = byId(buttonId, HTMLButtonElement);
  const label = button.textContent;
  field.value = text;
  field.onfocus = () => field.select();
  button.onclick = async () => {
    const isCopied = await copy(text);
    if (!isCopied) field.select();
    announce(say(isCopied ? 'copied' : 'pressCopy'));
    button.textContent = say(isCopied ? 'copiedShort' : 'pressShort');
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_MS);
  };
}

export class GuestLinks {
  #document;
  #announce;
  #isAllowed = false;
  /** @type {Promise<import('./guest_links.js').GuestLinksView> | null} */
  #view = null;
  #section = byId('links', HTMLElement);
  // A server that is open to all needs no links: it says so in their place.
  #isClosed = !this.#section.hidden;

  /** @param {string} document @param {(sentence: string) => void} announce */
  constructor(document, announce) {
    this.#document = document;
    this.#announce = announce;
    byId('share', HTMLElement).addEventListener('toggle', (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === 'open') this.#show();
    });
  }

  /** @param {boolean} isAllowed whether the user may make links */
  allow(isAllowed) {
    this.#isAllowed = isAllowed;
  }

  async #show() {
    const isShown = this.#isAllowed && this.#isClosed;
    if (!isShown && !this.#view) return;
    try {
      this.#view ??= import('../people/guest_links.js').then((it) =>
        it.GuestLinksView.load(this.#section, this.#document, this.#announce),
      );
      (await this.#view).show(isShown);
    } catch {
      this.#view = null;
      this.#section.textContent = say('loadFailed');
    }
  }
}

/** Offer the sharing dialog of the device, where there is one. @param {string} title @param {string} url */
function offerToSend(title, url) {
  const button = byId('share-native', HTMLButtonElement);
  button.hidden = !navigator.share;
  button.onclick = () => navigator.share({ title, url }).catch(() => {}); // cancelled
}

/** Open a window half as wide as the screen; without an opener, it is one like any other. @param {string} link */
function openBeside(link) {
  const { availWidth, availHeight } = screen;
  open(link, '', `popup,noopener,width=${Math.round(availWidth / 2)},height=${availHeight}`);
}
