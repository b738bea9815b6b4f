// What the page makes of an open conflict: the bar that tells of it, the dialog behind the bar, and
// a sentence when it is over. What was put aside goes through the same dialog.

import { Toast } from '../ui/toast.js';
import { Choices } from './choices.js';
import { ConflictBar } from './conflict_bar.js';
import { ConflictDialog } from './conflict_dialog.js';
import { endOfResult } from './hunk_context.js';
import { ofConflict, usedSentence, whoOf } from './wording.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./conflict_dialog.js').Subject} Subject */
/**
 * @typedef {{resolve: (results: readonly string[]) => void, park: () => void,
 *   resolveParked: (dispute: import('../replica/protocol.js').UnmergedConflict, results: readonly string[]) => void,
 *   undo: () => void, text: () => string, goTo: (position: number) => void,
 *   said: (sentence: string) => void, closed: () => void}} ConflictListener text: the document as
 *   the editor shows it; goTo: put the caret there, in code points; closed: the keys are the text's
 */

const AGREED = 'Conflict resolved: both versions now match.';
const NOT_TAKEN = 'Someone may have resolved this already. Nothing was changed.';
const ENDED_AWAY =
  'While you were away, your conflict was saved for later. Your version is under “unresolved” below.';

export class ConflictView {
  #listener;
  #bar;
  #dialog;
  #toast;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {Choices | null} */
  #choices = null;
  /** @type {{sentence: string, isUndoable: boolean, failed?: string} | null} what is said then */
  #decided = null;
  /** @type {HTMLElement | null} where the focus goes back to */
  #opener = null;

  /** @param {string} document its name @param {ConflictListener} listener */
  constructor(document, listener) {
    this.#listener = listener;
    const { text, said } = listener;
    this.#toast = new Toast(() => listener.closed());
    this.#bar = new ConflictBar({ review: () => this.#open(), text, said });
    this.#dialog = new ConflictDialog(document, {
      used: (subject, index) => this.#used(subject, index),
      later: () => this.#park(),
      closed: (subject) => this.#closed(subject),
      text,
    });
    addEventListener('keydown', (event) => {
      if (event.key !== 'F8' || event.defaultPrevented || !this.#conflict) return;
      event.preventDefault();
      this.#open();
    });
  }

  /**
   * @param {Conflict | null} conflict as it is now; null: there is none
   * @param {boolean} isDeciding whether a decision is on its way
   * @param {string} answer the type of the message that the server sent last
   */
  show(conflict, isDeciding, answer) {
    this.#dialog.busy(isDeciding);
    const before = this.#conflict;
    this.#conflict = conflict;
    if (conflict && conflict !== before) this.#renew(conflict);
    if (!conflict && before) this.#end(answer);
    if (!isDeciding) this.#settle(answer);
  }

  /** The user did something else: that is what an undo would take back now. */
  typed() {
    if (this.#decided) this.#decided.isUndoable = false;
    this.#toast.withdraw();
  }

  /**
   * Decide about what was put aside.
   *
   * @param {import('./parked.js').Parked} parked
   * @param {import('./wording.js').Wording} wording
   * @param {HTMLElement} opener where the focus goes back to if nothing is decided
   */
  review(parked, wording, opener) {
    this.#opener = opener;
    this.#dialog.open({ conflict: parked, choices: new Choices(parked), wording, isOwn: false });
  }

  #open() {
    const [conflict, choices] = [this.#conflict, this.#choices];
    if (conflict && choices) this.#dialog.open(ownSubject(conflict, choices));
  }

  /** @param {Conflict} conflict */
  #renew(conflict) {
    const shown = this.#dialog.subject?.isOwn ? this.#dialog.subject : null;
    const choices = this.#choices ?? shown?.choices;
    choices?.refresh(conflict, Date.now());
    this.#choices = choices ?? new Choices(conflict);
    this.#bar.show(conflict);
    if (shown) this.#dialog.renew(ownSubject(conflict, this.#choices));
  }

  /** @param {string} answer */
  #end(answer) {
    const wasSeen = this.#bar.isShown || this.#dialog.subject?.isOwn;
    this.#choices = null;
    this.#bar.hide();
    if (this.#decided) this.#settle(answer);
    else if (answer === 'merged' && wasSeen) this.#toast.show(AGREED);
    else if (answer === 'welcome' && wasSeen) this.#toast.show(ENDED_AWAY);
    if (this.#dialog.subject?.isOwn) this.#dialog.end();
  }

  /** A decision was carried out, or came to something else. @param {string} answer */
  #settle(answer) {
    const decided = this.#decided;
    this.#decided = null;
    if (!decided || this.#conflict) return;
    const undo = { label: 'Undo', run: () => this.#listener.undo() };
    if (answer === 'merged')
      this.#toast.show(decided.sentence, decided.isUndoable ? undo : undefined);
    else if (decided.failed) this.#toast.show(decided.failed);
  }

  /** @param {Subject} subject @param {number} index */
  #used({ conflict, choices, wording, isOwn }, index) {
    const { results } = choices;
    const sentence = usedSentence(
      wording,
      choices.all.map(({ kind }) => kind),
    );
    if (isOwn) {
      // Who kept every word of their own has nothing to take back: a step of theirs would go instead.
      const isStep = conflict.hunks.some(({ theirs }, at) => results[at] !== theirs);
      this.#decided = { sentence, isUndoable: isStep };
      this.#listener.resolve(results);
    } else if (this.#conflict) {
      this.#dialog.tell(
        'You now have a conflict of your own. Close this and resolve that one first.',
      );
      return;
    } else {
      this.#decided = { sentence, isUndoable: false, failed: NOT_TAKEN };
      this.#listener.resolveParked(conflict, results);
      this.#opener = null;
    }
    // Now, and not when the answer is here: the caret goes along with what others write.
    const local = this.#listener.text();
    if (results.length > 0) this.#listener.goTo(endOfResult(conflict, results, index, local));
    if (!isOwn) this.#dialog.close();
  }

  #park() {
    if (!this.#conflict) return;
    const who = whoOf(this.#conflict);
    const sentence = `Saved for later. The document shows ${who}’s version for now; yours is under “unresolved” below.`;
    this.#decided = { sentence, isUndoable: false };
    this.#listener.park();
  }

  /** @param {Subject} subject */
  #closed({ isOwn }) {
    const opener = isOwn ? null : this.#opener;
    if (opener?.checkVisibility()) opener.focus();
    else this.#listener.closed();
  }
}

/** @param {Conflict} conflict @param {Choices} choices @returns {Subject} */
function ownSubject(conflict, choices) {
  return { conflict, choices, wording: ofConflict(conflict), isOwn: true };
}
