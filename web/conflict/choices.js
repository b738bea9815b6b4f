// The user's choice for each hunk of an open conflict. It outlives a refresh of the conflict by the
// server: nothing written in a result field disappears. Pure.

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {Pick<Conflict, 'text' | 'hunks'>} Hunks the hunks, and the text that they are in */
/**
 * @typedef {'theirs' | 'ours' | 'both' | 'hand'} ChoiceKind theirs, ours: as in a hunk, so `theirs`
 *   is the text of the client's branch; hand: written by the user
 */
/**
 * @typedef {{hunk: Hunk, kind: ChoiceKind | null, result: string, drafts: Map<ChoiceKind, string>,
 *   draft: ChoiceKind, isTheirsFirst: boolean, isDecided: boolean, isOutdated: boolean,
 *   changedMs: number | null}} Choice drafts: texts written by hand, by the choice they started from;
 *   draft: the one shown last; isOutdated, changedMs: whether and when `ours` changed after the choice
 */

/** @param {Hunk} hunk @returns {Choice} */
function undecided(hunk) {
  return {
    hunk,
    kind: null,
    result: '',
    drafts: new Map(),
    draft: 'hand',
    isTheirsFirst: true,
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

  /** Adopt the current conflict; each choice follows its hunk. @param {Hunks} conflict @param {number} nowMs */
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

  /** @param {number} index @param {ChoiceKind} kind */
  choose(index, kind) {
    const choice = this.#at(index);
    choice.kind = kind;
    choice.isOutdated = false;
    choice.isDecided = false;
    if (kind === 'hand') choice.result = choice.drafts.get(choice.draft) ?? choice.result;
    else choice.result = this.#resultOf(choice, kind);
  }

  /** Swap the order of `both`. @param {number} index */
  swap(index) {
    const choice = this.#at(index);
    choice.isTheirsFirst = !choice.isTheirsFirst;
    this.choose(index, 'both');
  }

  /** Record text written by hand. Each choice that it can start from has its own draft. @param {number} index @param {string} text */
  write(index, text) {
    const choice = this.#at(index);
    if (choice.kind !== null && choice.kind !== 'hand') choice.draft = choice.kind;
    choice.kind = 'hand';
    choice.result = text;
    choice.drafts.set(choice.draft, text);
    choice.isDecided = false;
  }

  /** Switch to the next draft. @param {number} index */
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

  /** The other hunks without a choice. @param {number} index */
  open(index) {
    return this.#choices.filter(({ kind }, at) => at !== index && kind === null);
  }

  /** How many of these the choice of this hunk would delete. @param {number} index */
  emptied(index) {
    const kind = /** @type {ChoiceKind} */ (this.#at(index).kind);
    return this.open(index).filter((choice) => this.#resultOf(choice, kind) === '').length;
  }

  /** Decide the hunks without a choice like this one. @param {number} index @returns {number} how many */
  decideAlike(index) {
    const { kind, isTheirsFirst } = this.#at(index);
    const others = this.open(index);
    for (const choice of others) {
      const result = this.#resultOf({ ...choice, isTheirsFirst }, /** @type {ChoiceKind} */ (kind));
      Object.assign(choice, { kind, isTheirsFirst, result, isDecided: true });
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
    // A choice that includes the user's own text means that text as it is now.
    const { kind } = choice;
    if (kind === 'theirs' || (kind === 'both' && !isChanged && !choice.isOutdated))
      return { ...next, result: this.#resultOf(next, kind) };
    return { ...next, isOutdated: kind !== null };
  }

  /** @param {Choice} choice @param {ChoiceKind} kind */
  #resultOf(choice, kind) {
    if (kind === 'both') return this.#both(choice);
    return kind === 'theirs' ? choice.hunk.theirs : choice.hunk.ours;
  }

  /** @param {Choice} choice */
  #both({ hunk, isTheirsFirst }) {
    const [first, second] = isTheirsFirst ? [hunk.theirs, hunk.ours] : [hunk.ours, hunk.theirs];
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
