// What the person has chosen so far for each hunk of an open conflict: pure, no DOM, no clock. It
// outlives a conflict that the server refreshes: nothing written in a result field disappears.

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {Pick<Conflict, 'text' | 'hunks'>} Hunks the hunks, and the text that they are in */
/**
 * @typedef {'mine' | 'theirs' | 'both' | 'hand'} Kind mine: what is on the branch, a hunk's `theirs`
 */
/**
 * @typedef {{hunk: Hunk, kind: Kind | null, result: string, drafts: Map<Kind, string>,
 *   draft: Kind, isMineFirst: boolean, isDecided: boolean, isOutdated: boolean,
 *   changedMs: number | null}} Choice drafts: what was written by hand, by what it was made from;
 *   draft: the one shown last; isOutdated, changedMs: the other side has changed since, and when
 */

/** @param {Hunk} hunk @returns {Choice} */
function undecided(hunk) {
  return {
    hunk,
    kind: null,
    result: '',
    drafts: new Map(),
    draft: 'hand',
    isMineFirst: true,
    isDecided: false,
    isOutdated: false,
    changedMs: null,
  };
}

export class Choices {
  /** @type {Choice[]} */
  #choices = [];
  #text = '';

  /** @param {Hunks} conflict */
  constructor(conflict) {
    this.refresh(conflict, 0);
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

  /** The conflict as it is now. Choices go along with what they are about. @param {Hunks} conflict @param {number} nowMs */
  refresh({ hunks, text }, nowMs) {
    const before = [...this.#choices];
    this.#text = text;
    this.#choices = hunks.map((hunk, index) => {
      const same = before.findIndex(
        ({ hunk: old }) => old.base === hunk.base && old.theirs === hunk.theirs,
      );
      const near = before.length === hunks.length ? Math.min(index, before.length - 1) : -1;
      const [choice] = same >= 0 ? before.splice(same, 1) : [this.#choices[near]];
      return choice ? this.#renewed(choice, hunk, nowMs) : undecided(hunk);
    });
  }

  /** @param {number} index @param {Kind} kind */
  choose(index, kind) {
    const choice = this.#at(index);
    choice.kind = kind;
    choice.isOutdated = false;
    choice.isDecided = false;
    if (kind === 'hand') choice.result = choice.drafts.get(choice.draft) ?? choice.result;
    else choice.result = this.#resultOf(choice, kind);
  }

  /** Both, the other way around. @param {number} index */
  swap(index) {
    const choice = this.#at(index);
    choice.isMineFirst = !choice.isMineFirst;
    this.choose(index, 'both');
  }

  /** What was written by hand from one choice does not take the place of what was from another. @param {number} index @param {string} text */
  write(index, text) {
    const choice = this.#at(index);
    if (choice.kind !== null && choice.kind !== 'hand') choice.draft = choice.kind;
    choice.kind = 'hand';
    choice.result = text;
    choice.drafts.set(choice.draft, text);
    choice.isDecided = false;
  }

  /** Go on to what else was written by hand. @param {number} index */
  nextDraft(index) {
    const choice = this.#at(index);
    const kinds = [...choice.drafts.keys()];
    choice.draft = kinds[(kinds.indexOf(choice.draft) + 1) % kinds.length] ?? choice.draft;
    this.choose(index, 'hand');
  }

  /** @param {number} index */
  decide(index) {
    this.#at(index).isDecided = true;
  }

  /** The other hunks that nothing was chosen for yet. @param {number} index */
  open(index) {
    return this.#choices.filter(({ kind }, at) => at !== index && kind === null);
  }

  /** How many passages would be removed by deciding all open ones like this one. @param {number} index */
  emptied(index) {
    const kind = /** @type {Kind} */ (this.#at(index).kind);
    return this.open(index).filter((choice) => this.#resultOf(choice, kind) === '').length;
  }

  /** Decide the open ones like this one. @param {number} index @returns {number} how many */
  decideAlike(index) {
    const { kind, isMineFirst } = this.#at(index);
    const others = this.open(index);
    for (const choice of others) {
      const result = this.#resultOf({ ...choice, isMineFirst }, /** @type {Kind} */ (kind));
      Object.assign(choice, { kind, isMineFirst, result, isDecided: true });
    }
    return others.length;
  }

  /** @param {Choice} choice @param {Hunk} hunk @param {number} nowMs @returns {Choice} */
  #renewed(choice, hunk, nowMs) {
    const isChanged = choice.hunk.ours !== hunk.ours;
    const drafts = new Map(choice.drafts);
    if (!isChanged && choice.hunk.theirs === hunk.theirs) return { ...choice, hunk, drafts };
    const changedMs = isChanged ? nowMs : choice.changedMs;
    const next = { ...choice, hunk, drafts, changedMs, isDecided: false };
    // Who chose the own text, or both, and typed on means the own text as it is now.
    const { kind } = choice;
    if (kind === 'mine' || (kind === 'both' && !isChanged && !choice.isOutdated))
      return { ...next, result: this.#resultOf(next, kind) };
    return { ...next, isOutdated: kind !== null };
  }

  /** @param {Choice} choice @param {Kind} kind */
  #resultOf(choice, kind) {
    if (kind === 'both') return this.#both(choice);
    return kind === 'mine' ? choice.hunk.theirs : choice.hunk.ours;
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
