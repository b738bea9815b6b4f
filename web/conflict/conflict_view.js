// An open conflict on the page: the notice, the dialog behind it, and the toast when it is resolved.
// Parked conflicts use the same dialog.

import { say } from '../text/say.js';
import { hasSeen, markSeen } from '../ui/storage.js';
import { Choices } from './choices.js';
import { ConflictDialog } from './conflict_dialog.js';
import { ConflictNotice } from './conflict_notice.js';
import { endOfResult } from './hunk_context.js';
import { ofConflict, resolvedSentence, whoOf } from './wording.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/** @typedef {import('./conflict_dialog.js').Subject} Subject */
/**
 * @typedef {{resolve: (results: readonly string[]) => void, park: () => void,
 *   resolveParked: (conflict: import('../replica/protocol.js').UnmergedConflict, results: readonly string[]) => void,
 *   undo: () => void, text: () => string, goTo: (position: number) => void,
 *   announce: (sentence: string) => void, focusEditor: () => void,
 *   showFace: import('./conflict_dialog.js').DialogListener['showFace']}} ConflictListener text: as
 *   the editor shows it; goTo: move the caret, in code points
 */

export class ConflictView {
  #listener;
  #notice;
  #dialog;
  #toast;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {Choices | null} */
  #choices = null;
  /** @type {{sentence: string, isUndoable: boolean, failed?: string} | null} what the toast will say */
  #decided = null;
  /** @type {Map<string, Choices>} of parked conflicts that were reviewed and not resolved, by id */
  #reviewed = new Map();
  /** @type {HTMLElement | null} where the focus returns to */
  #opener = null;

  /**
   * @param {string} name of the document
   * @param {{notices: import('../ui/notice_bar.js').NoticeBar, toast: import('../ui/toast.js').Toast}} page
   * @param {ConflictListener} listener
   */
  constructor(name, { notices, toast }, listener) {
    this.#listener = listener;
    const { text, announce, showFace } = listener;
    this.#toast = toast;
    this.#notice = new ConflictNotice(notices, { review: () => this.open(), text, announce });
    this.#dialog = new ConflictDialog(name, {
      decided: (subject, index) => this.#decide(subject, index),
      postponed: () => this.#park(),
      closed: (subject) => this.#closed(subject),
      text,
      showFace,
    });
    addEventListener('keydown', (event) => {
      if (event.key !== 'F8' || event.defaultPrevented || !this.#conflict) return;
      if (document.querySelector('dialog:modal')) return;
      event.preventDefault();
      this.open();
    });
  }

  /**
   * @param {Conflict | null} conflict the current one
   * @param {boolean} isDeciding whether a decision awaits its answer
   * @param {string} answer the type of the server's last message
   */
  show(conflict, isDeciding, answer) {
    this.#dialog.setBusy(isDeciding);
    const before = this.#conflict;
    this.#conflict = conflict;
    if (conflict && conflict !== before) this.#refresh(conflict);
    if (!conflict && before) this.#end(answer);
    if (!isDeciding) this.#tellDecided(answer);
  }

  /** Withdraw the offer to undo: an undo would now revert the user's newer edit. */
  edited() {
    if (this.#decided) this.#decided.isUndoable = false;
    this.#toast.withdraw();
  }

  /**
   * Open the dialog for a parked conflict.
   *
   * @param {import('./parked.js').Parked} parked
   * @param {import('./wording.js').Wording} wording
   * @param {HTMLElement} opener where the focus returns to if nothing is decided
   */
  review(parked, wording, opener) {
    this.#opener = opener;
    const choices = this.#reviewed.get(parked.id) ?? new Choices(parked);
    choices.refresh(parked, Date.now());
    this.#reviewed.set(parked.id, choices);
    this.#dialog.open({ conflict: parked, choices, wording, isOwn: false });
  }

  /** Open the dialog for the user's own conflict. @param {number} [index] of the hunk to begin with */
  open(index) {
    const [conflict, choices] = [this.#conflict, this.#choices];
    if (!conflict || !choices) return;
    this.#dialog.open(ownSubject(conflict, choices), index);
  }

  /** @param {Conflict} conflict */
  #refresh(conflict) {
    const shown = this.#dialog.subject?.isOwn ? this.#dialog.subject : null;
    const choices = this.#choices ?? shown?.choices;
    choices?.refresh(conflict, Date.now());
    this.#choices = choices ?? new Choices(conflict);
    this.#notice.show(conflict);
    if (shown) this.#dialog.refresh(ownSubject(conflict, this.#choices));
  }

  /** @param {string} answer */
  #end(answer) {
    const wasSeen = this.#notice.isShown || this.#dialog.subject?.isOwn;
    const sentence =
      this.#decided?.sentence ?? say(answer === 'welcome' ? 'endedAway' : 'nowMatch');
    this.#choices = null;
    this.#notice.hide();
    if (this.#decided) this.#tellDecided(answer);
    else if (wasSeen) this.#toast.show(sentence);
    if (this.#dialog.subject?.isOwn) this.#dialog.end(sentence);
  }

  /** Show how a decision ended. @param {string} answer */
  #tellDecided(answer) {
    const decided = this.#decided;
    this.#decided = null;
    if (!decided || this.#conflict) return;
    const undo = { label: say('undo'), run: () => this.#listener.undo() };
    if (answer === 'merged')
      this.#toast.show(decided.sentence, decided.isUndoable ? undo : undefined);
    else if (decided.failed) this.#toast.show(decided.failed);
  }

  /** @param {Subject} subject @param {number} index */
  #decide({ conflict, choices, wording, isOwn }, index) {
    const { results } = choices;
    const sentence = resolvedSentence(
      wording,
      choices.all.map(({ kind }) => kind),
    );
    if (isOwn) {
      markSeen('conflict');
      // If every word of the user's stays there is nothing to undo: an undo would revert a real edit.
      const isStep = conflict.hunks.some(({ theirs }, at) => results[at] !== theirs);
      this.#decided = { sentence, isUndoable: isStep };
      this.#listener.resolve(results);
    } else if (this.#conflict) {
      this.#dialog.tell(say('ownFirst'));
      return;
    } else {
      this.#decided = { sentence, isUndoable: false, failed: say('notTaken') };
      this.#listener.resolveParked(conflict, results);
      this.#opener = null;
    }
    // Before the answer arrives: the caret moves along with others' edits.
    const local = this.#listener.text();
    if (results.length > 0) this.#listener.goTo(endOfResult(conflict, results, index, local));
    if (!isOwn) this.#dialog.close();
  }

  #park() {
    if (!this.#conflict) return;
    const sentence = say('savedForLater', { who: whoOf(this.#conflict) });
    this.#decided = { sentence, isUndoable: false };
    this.#listener.park();
  }

  /** @param {Subject} subject */
  #closed({ isOwn }) {
    const opener = isOwn ? null : this.#opener;
    if (opener?.checkVisibility()) opener.focus();
    else this.#listener.focusEditor();
  }
}

/** @param {Conflict} conflict @param {Choices} choices @returns {Subject} */
function ownSubject(conflict, choices) {
  const wording = ofConflict(conflict, !hasSeen('conflict'));
  return { conflict, choices, wording, isOwn: true };
}
