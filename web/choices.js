// What the person has chosen so far for each hunk of an open conflict: pure, no DOM. It outlives a
// conflict that the server refreshes: nothing written in a result field disappears.

/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('./protocol.js').Hunk} Hunk */
/** @typedef {'mine' | 'theirs' | 'both' | 'hand'} Kind */
/**
 * @typedef {{hunk: Hunk, kind: Kind | null, result: string, written: string | null,
 *   isMineFirst: boolean, isDecided: boolean, isOutdated: boolean}} Choice written: what was typed
 *   by hand, kept while other choices are tried; isOutdated: the other side has changed since
 */

/** @param {Hunk} hunk @returns {Choice} */
function undecided(hunk) {
  return {
    hunk,
    kind: null,
    result: '',
    written: null,
    isMineFirst: true,
    isDecided: false,
    isOutdated: false,
  };
}

export class Choices {
  /** @type {Choice[]} */
  #choices = [];
  #text = '';

  /** @param {Conflict} conflict */
  constructor(conflict) {
    this.refresh(conflict);
  }

  get all() {
    return this.#choices;
  }

  get areComplete() {
    return this.#choices.every((choice) => choice.isDecided);
  }

  /** One for each hunk, in order. */
  get results() {
    return this.#choices.map((choice) => choice.result);
  }

  /** The conflict as it is now. Choices go along with what they are about. @param {Conflict} conflict */
  refresh({ hunks, text }) {
    const before = [...this.#choices];
    this.#text = text;
    this.#choices = hunks.map((hunk, index) => {
      const same = before.findIndex(
        ({ hunk: old }) => old.base === hunk.base && old.theirs === hunk.theirs,
      );
      const near = before.length === hunks.length ? Math.min(index, before.length - 1) : -1;
      const [choice] = same >= 0 ? before.splice(same, 1) : [this.#choices[near]];
      return choice ? renewed(choice, hunk) : undecided(hunk);
    });
  }

  /** @param {number} index @param {Kind} kind */
  choose(index, kind) {
    const choice = this.#at(index);
    choice.kind = kind;
    choice.isOutdated = false;
    choice.isDecided = false;
    const { ours, theirs } = choice.hunk;
    if (kind === 'mine') choice.result = theirs;
    else if (kind === 'theirs') choice.result = ours;
    else if (kind === 'both') choice.result = this.#both(choice);
    else choice.result = choice.written ?? choice.result;
  }

  /** Both, the other way around. @param {number} index */
  swap(index) {
    const choice = this.#at(index);
    choice.isMineFirst = !choice.isMineFirst;
    this.choose(index, 'both');
  }

  /** @param {number} index @param {string} text */
  write(index, text) {
    const choice = this.#at(index);
    choice.kind = 'hand';
    choice.result = choice.written = text;
    choice.isDecided = false;
  }

  /** @param {number} index */
  decide(index) {
    this.#at(index).isDecided = true;
  }

  /** @param {Choice} choice */
  #both({ hunk, isMineFirst }) {
    const [first, second] = isMineFirst ? [hunk.theirs, hunk.ours] : [hunk.ours, hunk.theirs];
    if (!first || !second) return first || second;
    if (/\s$/.test(first) || /^\s/.test(second)) return first + second;
    return first + (this.#isWholeLines(hunk) ? '\n' : ' ') + second;
  }

  /** @param {Hunk} hunk */
  #isWholeLines({ start, end }) {
    const characters = [...this.#text];
    const before = characters[start - 1];
    const after = characters[end];
    return (
      (before === undefined || before === '\n') && (after === undefined || /[\r\n]/.test(after))
    );
  }

  /** @param {number} index */
  #at(index) {
    return /** @type {Choice} */ (this.#choices[index]);
  }
}

/** @param {Choice} choice @param {Hunk} hunk @returns {Choice} */
function renewed(choice, hunk) {
  if (choice.hunk.ours === hunk.ours && choice.hunk.theirs === hunk.theirs)
    return { ...choice, hunk };
  const isOutdated = choice.kind !== null;
  return { ...choice, hunk, isOutdated, isDecided: false };
}
