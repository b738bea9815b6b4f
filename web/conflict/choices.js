// The user's choice for each hunk of an open conflict. It outlives a refresh of the conflict by the
// server: nothing written in a result field disappears. Pure.

import { endingOf } from '../text/endings.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {Pick<Conflict, 'text' | 'hunks'>} Hunks the hunks, and the text that they are in */
/**
 * @typedef {'theirs' | 'ours' | 'both' | 'hand'} ChoiceKind theirs, ours: as in a hunk, so `theirs`
 *   is the text of the client's branch; both: for whole lines only; hand: written by the user
 */
/**
 * @typedef {{hunk: Hunk, kind: ChoiceKind | null, result: string, draft: string | null,
 *   isTheirsFirst: boolean, isDecided: boolean, isOutdated: boolean,
 *   changedMs: number | null}} Choice draft: the text written by hand; isOutdated, changedMs: whether
 *   and when `ours` changed after the choice
 */

/** @param {Hunk} hunk @returns {Choice} */
function undecided(hunk) {
  return {
    hunk,
    kind: null,
    result: '',
    draft: null,
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

  /** Whether both versions can stay: parts of a line in a row would be a line that nobody wrote. @param {number} index */
  canBeBoth(index) {
    const { hunk } = this.#at(index);
    return hunk.ours !== '' && hunk.theirs !== '' && this.#isWholeLines(hunk);
  }

  /** @param {number} index @param {ChoiceKind} kind */
  choose(index, kind) {
    const choice = this.#at(index);
    const isChosen = choice.kind !== null && choice.result !== '';
    choice.kind = kind;
    choice.isOutdated = false;
    choice.isDecided = false;
    if (kind !== 'hand') choice.result = this.#resultOf(choice, kind);
    else if (choice.draft !== null) choice.result = choice.draft;
    else if (!isChosen) choice.result = this.#bothInOne(choice);
  }

  /** Swap the order of `both`. @param {number} index */
  swap(index) {
    const choice = this.#at(index);
    choice.isTheirsFirst = !choice.isTheirsFirst;
    this.choose(index, 'both');
  }

  /** Record text written by hand. @param {number} index @param {string} text */
  write(index, text) {
    Object.assign(this.#at(index), { kind: 'hand', result: text, draft: text, isDecided: false });
  }

  /** @param {number} index */
  decide(index) {
    this.#at(index).isDecided = true;
  }

  /** This hunk, and the open ones for which nothing else was chosen or written. @param {number} index @param {'theirs' | 'ours'} side */
  alike(index, side) {
    return this.#choices.filter(
      ({ isDecided, kind }, at) => at === index || (!isDecided && (kind === null || kind === side)),
    );
  }

  /** Decide these for one side. @param {number} index @param {'theirs' | 'ours'} kind */
  decideAlike(index, kind) {
    for (const choice of this.alike(index, kind)) {
      const result = this.#resultOf(choice, kind);
      Object.assign(choice, { kind, result, isOutdated: false, isDecided: true });
    }
  }

  /** @param {Choice} choice @param {Hunk} hunk @param {number} nowMs @returns {Choice} */
  #renewed(choice, hunk, nowMs) {
    const isChanged = choice.hunk.ours !== hunk.ours;
    if (!isChanged && choice.hunk.theirs === hunk.theirs) return { ...choice, hunk };
    const changedMs = isChanged ? nowMs : choice.changedMs;
    const next = { ...choice, hunk, changedMs, isDecided: false };
    // A choice that includes the user's own text means that text as it is now.
    const { kind } = choice;
    if (kind === 'theirs' || (kind === 'both' && !isChanged && !choice.isOutdated))
      return { ...next, result: this.#resultOf(next, kind) };
    return { ...next, isOutdated: kind !== null };
  }

  /** @param {Choice} choice @param {'theirs' | 'ours' | 'both'} kind */
  #resultOf(choice, kind) {
    if (kind === 'both') return this.#both(choice);
    return kind === 'theirs' ? choice.hunk.theirs : choice.hunk.ours;
  }

  /** @param {Choice} choice */
  #both({ hunk, isTheirsFirst }) {
    const [first, second] = isTheirsFirst ? [hunk.theirs, hunk.ours] : [hunk.ours, hunk.theirs];
    return first + (first.endsWith('\n') ? '' : endingOf(this.#text)) + second;
  }

  /** Both versions to start writing from. @param {Choice} choice */
  #bothInOne(choice) {
    const { ours, theirs } = choice.hunk;
    if (!ours || !theirs) return ours || theirs;
    return this.#isWholeLines(choice.hunk) ? this.#both(choice) : `${theirs} / ${ours}`;
  }

  /** @param {Hunk} hunk */
  #isWholeLines({ start, end, ours, theirs }) {
    const characters = [...this.#text];
    const before = characters[start - 1];
    const after = characters[end];
    const isAtEnd = ours.endsWith('\n') && theirs.endsWith('\n');
    return (
      (before === undefined || before === '\n') &&
      (isAtEnd || after === undefined || /[\r\n]/.test(after))
    );
  }

  /** @param {number} index */
  #at(index) {
    return /** @type {Choice} */ (this.#choices[index]);
  }
}
