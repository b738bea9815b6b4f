// Starting without a connection, on the side of a page: registers the service worker, keeps the text
// that was last seen, and forgets what should not stay on this device. Loaded when the page is idle.

import { titleOf } from '../text/title.js';
import { byId } from '../ui/dom.js';
import { recentDocuments } from '../ui/storage.js';
import { KeptTexts } from './kept_texts.js';
import { TextKeeper } from './text_keeper.js';

const address = new URL('../../', import.meta.url);
const texts = new KeptTexts(address.pathname);

export class Offline {
  /** @type {TextKeeper | null} */
  #keeper = null;

  /** @param {import('./text_keeper.js').Shown | null} shown the document of the page, if it has one */
  constructor(shown) {
    const owner = byId('owner', HTMLMetaElement).content;
    if (!owner) {
      leaveNothing();
      return;
    }
    register();
    keepRecent(owner);
    const keeper =
      shown &&
      new TextKeeper(shown, owner, {
        texts,
        after: (action, ms) => setTimeout(action, ms),
        titleOf,
        timeMs: Date.now,
      });
    this.#keeper = keeper;
    addEventListener('visibilitychange', () => document.hidden && keeper?.look());
    addEventListener('submit', ({ target }) => {
      const { action } = /** @type {HTMLFormElement} */ (target);
      if (action !== new URL('sign-out', address).href) return;
      if (keeper) keeper.stop();
      else texts.clear();
    });
  }

  /** The server rejects the user from now on. @param {import('../replica/connection.js').Refusal} kind */
  refused(kind) {
    this.#keeper?.refused(kind);
  }

  /** The list of recent documents has changed. */
  recentChanged() {
    keepRecent(byId('owner', HTMLMetaElement).content);
  }
}

/**
 * What was last seen of a document.
 *
 * @param {string} document
 * @returns {Promise<{known: import('../replica/working_copy.js').Known, seenMs: number, isViewOnly: boolean} | null>}
 */
export async function lastSeen(document) {
  const [kept, text] = await Promise.all([texts.find(document), texts.text(document)]);
  if (!kept || text === undefined) return null;
  const { revision, seenMs, isViewOnly } = kept;
  return { known: { commit: revision, text, isRevision: true }, seenMs, isViewOnly };
}

/** Texts that were kept for others, or that the user removed from the list, go. @param {string} owner */
function keepRecent(owner) {
  const recent = new Set(recentDocuments().map(({ name }) => name));
  texts.keepOnly((kept) => kept.owner === owner && recent.has(kept.document));
}

/** A proxy may not let the address through, or the browser may not keep it: then nothing is lost. */
function register() {
  const options = { scope: address.pathname, updateViaCache: /** @type {const} */ ('none') };
  navigator.serviceWorker.register(new URL('service-worker.js', address), options).catch(() => {});
}

/** The server keeps nothing on the devices of this user. */
async function leaveNothing() {
  await texts.clear();
  const own = await navigator.serviceWorker.getRegistration(address);
  if (own?.scope === address.href) await own.unregister(); // not one of another program of this host
  const sets = `gollabedit ${address.pathname} `;
  for (const name of await caches.keys()) if (name.startsWith(sets)) await caches.delete(name);
}
