// The revision that this browser showed last of a document, for "since I last looked".

const KEY = 'gollabedit.looked';
const DOCUMENTS_MAX = 50;
// Who was away for less has not stopped looking.
const AWAY_MS = 600_000;

export class LastLooked {
  #document;
  #since;
  #hiddenMs = 0;

  /** @param {string} document */
  constructor(document) {
    this.#document = document;
    this.#since = stored()[document];
  }

  /** The revision, or undefined if this browser has not shown any. */
  get since() {
    return this.#since;
  }

  /** The page was hidden. @param {string | null} revision the one it showed */
  hidden(revision) {
    this.#hiddenMs = Date.now();
    if (!revision) return;
    const { [this.#document]: _, ...others } = stored();
    const kept = Object.entries(others).slice(1 - DOCUMENTS_MAX);
    try {
      localStorage.setItem(
        KEY,
        JSON.stringify(Object.fromEntries([...kept, [this.#document, revision]])),
      );
    } catch {
      // Without storage there is no last time.
    }
  }

  /** The page is shown again. */
  shown() {
    if (Date.now() - this.#hiddenMs > AWAY_MS) this.#since = stored()[this.#document];
  }
}

/** @returns {Record<string, string>} by document, the oldest first */
function stored() {
  try {
    return Object(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    return {};
  }
}
