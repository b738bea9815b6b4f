// Copies of drafts in localStorage while their pages may be unloading: browsers abort a transaction of
// IndexedDB if its page goes at that moment, and keep what was written to localStorage. Nothing here
// throws.

/** @typedef {import('./drafts.js').Draft} Draft */

const PREFIX = 'gollabedit.leaving.';
const CHARACTERS_MAX = 2_000_000;

/** @param {Draft} draft */
export function keepCopy(draft) {
  attempt(() => {
    const copy = JSON.stringify(draft);
    if (copy.length <= CHARACTERS_MAX) localStorage.setItem(keyOf(draft), copy);
  });
}

/** @param {Pick<Draft, 'document' | 'client'>} draft */
export function dropCopy(draft) {
  attempt(() => localStorage.removeItem(keyOf(draft)));
}

/** The copies that no page has dropped. @returns {Draft[]} */
export function copies() {
  /** @type {Draft[]} */
  const found = [];
  attempt(() => {
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
      attempt(() => found.push(JSON.parse(localStorage.getItem(key) ?? '')));
    }
  });
  return found;
}

/** @param {Pick<Draft, 'document' | 'client'>} draft */
function keyOf({ document, client }) {
  return `${PREFIX}${document}/${client}`;
}

/** @param {() => void} action */
function attempt(action) {
  try {
    action();
  } catch {
    // Storage is switched off or full: IndexedDB is what counts.
  }
}
