// The user's choice for each hunk of an open conflict. It outlives a refresh of the conflict by the
// server: nothing written in a result field disappears. Pure.

import { endingOf } from '../text/endings.js';
import { inUnits } from '../text/splices.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {Pick<Conflict, 'text' | 'hunks'>} Hunks the hunks, and the text that they are in */
/**
 * @typedef {'theirs' | 'ours' | 'both' | 'hand'} ChoiceKind theirs, ours: as in a hunk, so `theirs`
 *   is the text of the client's branch; both: for whole lines only; hand: written by the user
 */
/**
 * @typedef {{hunk: Hunk, isWholeLines: boolean, kind: ChoiceKind | null, result: string, draft: string | null,
 *   isTheirsFirst: boolean, isDecided: boolean, isOutdated: boolean,
 *   changedMs: number | null}} Choice draft: the text written by hand; isOutdated, changedMs: whether
 *   and when `ours` changed after the choice
 */

/** @param {Hunk} hunk @param {boolean} isWholeLines @returns {Choice} */
function undecided(hunk, isWholeLines) {
  return {
    hunk,
    isWholeLines,
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
  #ending = '\n';

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

  /** Whether text was written by hand. */
  get isWritten() {
    return this.#choices.some(({ draft }) => draft !== null);
  }

  /** One for each hunk, in order. */
  get results() {
    return this.#choices.map((choice) => choice.result);
  }

  /** Adopt the current conflict; each choice follows its hunk. @param {Hunks} conflict @param {number} nowMs */
  refresh({ hunks, text }, nowMs) {
    const before = [...this.#choices];
    this.#ending = endingOf(text);
    const same = hunks.map((hunk) => {
      const at = before.findIndex(
        ({ hunk: old }) => old.base === hunk.base && old.theirs === hunk.theirs,
      );
      return at >= 0 ? before.splice(at, 1)[0] : undefined;
    });
    // What is left belongs to each other in order, if nothing came or went.
    const isSameCount = this.#choices.length === hunks.length;
    const areLines = wholeLines(text, hunks);
    this.#choices = hunks.map((hunk, index) => {
      const choice = same[index] ?? (isSameCount ? before.shift() : undefined);
      const isWholeLines = areLines[index] ?? false;
      return choice
        ? { ...this.#renewed(choice, hunk, nowMs), isWholeLines }
        : undecided(hunk, isWholeLines);
    });
  }

  /** Whether both versions can stay: parts of a line in a row would be a line that nobody wrote. @param {number} index */
  canBeBoth(index) {
    const { hunk, isWholeLines } = this.#at(index);
    return hunk.ours !== '' && hunk.theirs !== '' && isWholeLines;
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
    return first + (first.endsWith('\n') ? '' : this.#ending) + second;
  }

  /** Both versions to start writing from. @param {Choice} choice */
  #bothInOne(choice) {
    const { ours, theirs } = choice.hunk;
    if (!ours || !theirs) return ours || theirs;
    return choice.isWholeLines ? this.#both(choice) : `${theirs} / ${ours}`;
  }

  /** @param {number} index */
  #at(index) {
    return /** @type {Choice} */ (this.#choices[index]);
  }
}

/** Whether each hunk is whole lines, with or without the end of the last. @param {string} text @param {readonly Hunk[]} hunks */
function wholeLines(text, hunks) {
  const units = inUnits(
    text,
    hunks.map(({ start, end }) => [start, end - start, '']),
  );
  return units.map(([from, length], index) => {
    const { ours, theirs } = /** @type {Hunk} */ (hunks[index]);
    const isAtStart = from === 0 || text[from - 1] === '\n';
    const after = text[from + length];
    const isAtEnd = after === undefined || after === '\n' || after === '\r';
    return isAtStart && (isAtEnd || (ours.endsWith('\n') && theirs.endsWith('\n')));
  });
}
