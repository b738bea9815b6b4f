// Loads what keeps documents on this device, when the page is idle. Without service workers (addresses
// without HTTPS), nothing is kept.

import { OnDemand } from '../ui/on_demand.js';

/** Whether this page comes from the service worker, and not from the server. */
export const isKeptPage = !new URL('..', import.meta.url).pathname.endsWith('/static/');

export class OfflineLink {
  #part;
  #isDue = 'serviceWorker' in navigator;

  /** @param {import('./text_keeper.js').Shown | null} [shown] the document of the page, if it has one */
  constructor(shown = null) {
    this.#part = new OnDemand(() =>
      import('../offline/offline.js').then((it) => new it.Offline(shown)),
    );
  }

  /** Start, once the page has loaded. */
  begin() {
    if (!this.#isDue) return;
    this.#isDue = false;
    // Safari has no `requestIdleCallback`.
    (window.requestIdleCallback ?? setTimeout)(() => this.#part.use(() => {}));
  }

  /** The server rejects the user from now on. @param {import('../replica/connection.js').Refusal} kind */
  refused(kind) {
    this.begin();
    if ('serviceWorker' in navigator) this.#part.use((it) => it.refused(kind));
  }

  /** The list of recent documents has changed. */
  recentChanged() {
    if ('serviceWorker' in navigator) this.#part.use((it) => it.recentChanged());
  }
}

/** What was last seen of a document. @param {string} document */
export async function lastSeen(document) {
  return (await import('../offline/offline.js')).lastSeen(document);
}
