// Copies of drafts in localStorage while their pages may be unloading: browsers abort a transaction of
// IndexedDB if its page goes at that moment, and keep what was written to localStorage. Nothing here
// throws.

/** @typedef {import('./drafts.js').Draft} Draft */

const PREFIX = 'gollabedit.leaving.';
const CHARACTERS_MAX = 2_000_000;

/** @param {Draft} draft @returns {boolean} whether it is kept */
export function keepCopy(draft) {
  return attempt(() => {
    const copy = JSON.stringify(draft);
    if (copy.length > CHARACTERS_MAX) return false;
    localStorage.setItem(keyOf(draft), copy);
    return true;
  });
}

/** Drop this very copy, not a newer one. @param {Draft} draft */
export function dropCopy(draft) {
  attempt(() => {
    if (hasCopy(draft)) localStorage.removeItem(keyOf(draft));
  });
}

/** Drop the copy of a client whose text is sent or handled. @param {string} document @param {string} client */
export function dropCopyOf(document, client) {
  attempt(() => localStorage.removeItem(keyOf({ document, client })));
}

/** Whether this very copy is still there. @param {Draft} draft */
export function hasCopy(draft) {
  return attempt(() => readCopy(keyOf(draft))?.timeMs === draft.timeMs);
}

/** The copies that no page has dropped. @returns {Draft[]} */
export function copies() {
  /** @type {Draft[]} */
  const found = [];
  attempt(() => {
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
      const copy = attempt(() => readCopy(key));
      if (copy) found.push(copy);
    }
  });
  return found;
}

/** @param {string} key @returns {Draft | null} null: there is none, or another program wrote it */
function readCopy(key) {
  const copy = JSON.parse(localStorage.getItem(key) ?? 'null');
  return typeof copy?.document === 'string' && typeof copy.client === 'string' ? copy : null;
}

/** @param {Pick<Draft, 'document' | 'client'>} draft */
function keyOf({ document, client }) {
  return `${PREFIX}${document}/${client}`;
}

/** @template T @param {() => T} action @returns {T | false} false: storage is switched off or full */
function attempt(action) {
  try {
    return action();
  } catch {
    return false;
  }
}
