// What the browser stores: the user's name and recent documents, for all tabs; and for each tab a
// snapshot, to continue from after a reload.

/** @typedef {{name: string, seen: number, title?: string}} Recent */

const NAME = 'gollabedit.name';
const RECENT = 'gollabedit.recent';
const RECENT_MAX = 20;
const SEEN = 'gollabedit.seen';
const PREVIEW = 'gollabedit.preview';

/** @template T @param {() => T} action @param {T} otherwise if storage is switched off */
function attempt(action, otherwise) {
  try {
    return action();
  } catch {
    return otherwise;
  }
}

export function userName() {
  const stored = attempt(() => localStorage.getItem(NAME), null);
  if (stored) return stored;
  const guest = `Guest ${10 + Math.floor(Math.random() * 990)}`;
  rename(guest);
  return guest;
}

/** @param {string} name */
export function rename(name) {
  attempt(() => localStorage.setItem(NAME, name), undefined);
}

/** @returns {Recent[]} the newest first */
export function recentDocuments() {
  const stored = attempt(() => JSON.parse(localStorage.getItem(RECENT) ?? '[]'), []);
  return Array.isArray(stored) ? stored.filter(isRecent) : [];
}

/** @param {unknown} stored */
function isRecent(stored) {
  const { name, seen } = Object(stored);
  return typeof name === 'string' && Number.isFinite(seen);
}

/** @param {string} name @param {string} title */
export function remember(name, title) {
  const others = recentDocuments().filter((recent) => recent.name !== name);
  store([{ name, seen: Date.now(), title }, ...others].slice(0, RECENT_MAX));
}

/** @typedef {{isOpen: boolean, percent: number}} Split the preview beside the text; percent: the width of the text */

/** The preview as it was left on this device. @returns {Split} */
export function previewLeft() {
  const { isOpen, percent } = Object(
    attempt(() => JSON.parse(localStorage.getItem(PREVIEW) ?? '{}'), null),
  );
  return { isOpen: isOpen === true, percent: Number.isFinite(percent) ? percent : 50 };
}

/** @param {Partial<Split>} change */
export function leavePreview(change) {
  const left = JSON.stringify({ ...previewLeft(), ...change });
  attempt(() => localStorage.setItem(PREVIEW, left), undefined);
}

/** @typedef {'name' | 'welcome' | 'conflict'} Hint what is shown once in a browser */

/** @param {Hint} hint */
export function hasSeen(hint) {
  return attempt(() => (localStorage.getItem(SEEN) ?? '').split(' ').includes(hint), false);
}

/** @param {Hint} hint */
export function markSeen(hint) {
  if (hasSeen(hint)) return;
  attempt(
    () => localStorage.setItem(SEEN, `${localStorage.getItem(SEEN) ?? ''} ${hint}`.trim()),
    undefined,
  );
}

/** @param {string} name */
export function forget(name) {
  store(recentDocuments().filter((recent) => recent.name !== name));
}

/** Undo `forget`. @param {Recent} recent */
export function putBack(recent) {
  forget(recent.name);
  store([...recentDocuments(), recent].sort((one, other) => other.seen - one.seen));
}

/** @param {Recent[]} recent */
function store(recent) {
  attempt(() => localStorage.setItem(RECENT, JSON.stringify(recent)), undefined);
}

/** @typedef {{snapshot: import('../replica/replica.js').Snapshot, page: string}} Left page: the one that left the snapshot */

/**
 * Take the snapshot that the tab's last page left. Taken, not read: a duplicated tab copies the
 * storage, and two tabs must not be the same client.
 *
 * @param {string} document
 * @returns {Left | null}
 */
export function takeSnapshot(document) {
  const key = `gollabedit.tab.${document}`;
  return attempt(() => {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return stored ? JSON.parse(stored) : null;
  }, null);
}

/**
 * @param {string} document
 * @param {import('../replica/replica.js').Snapshot | null} snapshot
 * @param {string} page
 */
export function leaveSnapshot(document, snapshot, page) {
  if (!snapshot) return;
  const left = JSON.stringify({ snapshot, page });
  attempt(() => sessionStorage.setItem(`gollabedit.tab.${document}`, left), undefined);
}
