// The dialog in which the user resolves a conflict hunk by hunk: their own, or a parked one. It
// opens only on request, so it never interrupts typing. Esc closes it without a decision.

import { shown, withEndings } from '../text/endings.js';
import { byId, setText } from '../ui/dom.js';
import { ago } from '../ui/phrases.js';
import { linesOf } from './hunk_context.js';
import { foldBase, showHunk } from './hunk_view.js';
import { offerOwnText } from './own_text.js';
import { conflicts } from './wording.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').ChoiceKind} ChoiceKind */
/**
 * @typedef {{conflict: import('../replica/protocol.js').UnmergedConflict, choices: import('./choices.js').Choices,
 *   wording: import('./wording.js').Wording, isOwn: boolean}} Subject the conflict in the dialog
 * @typedef {{decided: (subject: Subject, index: number) => void, postponed: () => void,
 *   closed: (subject: Subject) => void, text: () => string}} DialogListener decided: every hunk is
 *   decided, `index` as the last; text: the user's current text
 */

const TICK_MS = 1000;

export class ConflictDialog {
  #listener;
  /** @type {Subject | null} */
  #subject = null;
  #index = 0;
  #isEmptyConfirmed = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  #dialog = byId('conflict', HTMLDialogElement);
  #heading = byId('conflict-heading', HTMLElement);
  #result = byId('result', HTMLTextAreaElement);
  #note = byId('conflict-note', HTMLElement);
  #use = byId('use-this', HTMLButtonElement);
  #swap = byId('swap', HTMLButtonElement);
  #drafts = byId('next-draft', HTMLButtonElement);
  #alike = byId('alike', HTMLInputElement);
  #radios = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.getElementsByName('keep'))];

  /** @param {string} document its name @param {DialogListener} listener */
  constructor(document, listener) {
    this.#listener = listener;
    offerOwnText(document, listener.text, (sentence) => this.tell(sentence));
    addEventListener('keydown', (event) => this.#onKey(event));
    for (const radio of this.#radios) {
      // Not `onchange`: choosing the same side again adopts its new text. Keys cause clicks as well.
      radio.onclick = () => this.#choose(/** @type {ChoiceKind} */ (radio.value));
    }
    this.#swap.onclick = () => this.#change((choices) => choices.swap(this.#index));
    this.#drafts.onclick = () => this.#change((choices) => choices.nextDraft(this.#index));
    this.#result.oninput = () => this.#write();
    this.#use.onclick = () => this.#useThis();
    byId('decide-later', HTMLButtonElement).onclick = () => {
      this.close();
      listener.postponed();
    };
    byId('close-conflict', HTMLButtonElement).onclick = () => this.close();
    byId('previous', HTMLButtonElement).onclick = () => this.#go(-1);
    byId('next', HTMLButtonElement).onclick = () => this.#go(1);
    this.#dialog.onclose = () => {
      if (!this.#dialog.open) this.#closed(); // otherwise it was opened again before this event
    };
  }

  /** The conflict that the dialog is open for, or null. */
  get subject() {
    return this.#subject;
  }

  /** @param {Subject} subject */
  open(subject) {
    if (this.#subject) return;
    this.#subject = subject;
    this.#index = Math.max(
      0,
      subject.choices.all.findIndex(({ isDecided }) => !isDecided),
    );
    this.#dialog.classList.remove('gone');
    this.#dialog.classList.toggle('merging', subject.conflict.hunks.length === 0);
    this.#dialog.classList.toggle('parked', !subject.isOwn);
    this.#note.textContent = '';
    this.#dialog.showModal();
    this.#ticking = setInterval(() => this.#showAge(), TICK_MS);
    this.#show();
    this.#heading.focus();
  }

  /** Show a newer version of the same conflict. @param {Subject} subject */
  refresh(subject) {
    const before = this.#hunk;
    const [note, isEmptyConfirmed] = [this.#note.textContent, this.#isEmptyConfirmed];
    this.#subject = subject;
    this.#dialog.classList.remove('gone');
    this.#index = Math.min(this.#index, subject.conflict.hunks.length - 1);
    this.#show(before);
    const { base, ours, theirs } = this.#hunk;
    if (before?.base === base && before.ours === ours && before.theirs === theirs) {
      this.#note.textContent = note; // the change was elsewhere in the text
      this.#isEmptyConfirmed = isEmptyConfirmed;
    } else {
      const advice = this.#note.textContent || 'Your choice and edits are still here.';
      this.#note.textContent = `This text just changed. ${advice}`;
    }
  }

  /** End a conflict that was resolved, by a decision or because both sides now match. */
  end() {
    const { choices } = /** @type {Subject} */ (this.#subject);
    const isWritten = choices.all.some(({ drafts, kind }) => kind === 'hand' && drafts.size > 0);
    if (choices.areComplete || !isWritten) {
      this.close();
    } else {
      this.#dialog.classList.add('gone');
      this.#heading.textContent = 'Conflict resolved: both versions now match';
      byId('conflict-names', HTMLElement).textContent = '';
      this.#note.textContent =
        'Your text wasn’t used. Copy it now if you need it; it goes when you close this.';
    }
  }

  /** Show whether a decision awaits its answer, which may close the dialog. @param {boolean} isBusy */
  setBusy(isBusy) {
    this.#use.setAttribute('aria-busy', String(isBusy));
  }

  close() {
    this.#dialog.close();
    this.#closed(); // without waiting for the event: the next key is for the text
  }

  /** Show and announce a sentence, even if it is the one shown already. @param {string} text */
  tell(text) {
    this.#note.textContent = '';
    // Not in the next frame: a window in the background gets none.
    setTimeout(() => {
      this.#note.textContent = text;
    }, 50);
  }

  #closed() {
    const subject = this.#subject;
    if (!subject) return;
    this.#subject = null;
    clearInterval(this.#ticking);
    this.#listener.closed(subject);
  }

  // Rendering

  get #hunk() {
    return /** @type {Hunk} */ (this.#subject?.conflict.hunks[this.#index]);
  }

  get #choice() {
    return this.#subject?.choices.all[this.#index];
  }

  /** @param {Hunk} [before] the hunk shown so far */
  #show(before) {
    const { conflict, wording } = /** @type {Subject} */ (this.#subject);
    const { length } = conflict.hunks;
    this.#heading.textContent = wording.heading(this.#place());
    byId('conflict-names', HTMLElement).textContent = wording.about;
    for (const id of ['theirs-name', 'keep-theirs']) setText(id, wording.theirs);
    for (const id of ['ours-name', 'keep-ours']) setText(id, wording.ours);
    if (length > 0) showHunk(conflict, this.#index);
    if (length > 0 && before?.base !== this.#hunk.base) foldBase(this.#hunk);
    this.#showChoice();
    this.#showAge();
    byId('steps', HTMLElement).hidden = length < 2;
    byId('previous', HTMLButtonElement).disabled = this.#index === 0;
    byId('next', HTMLButtonElement).disabled = this.#index >= length - 1;
  }

  #place() {
    const { conflict } = /** @type {Subject} */ (this.#subject);
    const { length } = conflict.hunks;
    if (length === 0) return '';
    const line = linesOf(conflict, this.#listener.text())[this.#index];
    return length > 1 ? `${this.#index + 1} of ${length} on line ${line}` : `on line ${line}`;
  }

  #showChoice() {
    const choice = this.#choice;
    const isPlain = !choice; // it merges: there is nothing to choose
    this.#use.textContent = isPlain ? 'Add to document' : 'Use this';
    this.#use.setAttribute('aria-disabled', String(!isPlain && choice.kind === null));
    this.#isEmptyConfirmed = false;
    if (isPlain) return;
    for (const radio of this.#radios) radio.checked = radio.value === choice.kind;
    const value = shown(choice.result);
    if (this.#result.value !== value) this.#result.value = value;
    this.#result.placeholder = choice.kind
      ? '(Nothing: this text will be deleted)'
      : 'Choose a version above, or type the text you want';
    this.#swap.hidden = choice.kind !== 'both';

    this.#drafts.hidden = choice.kind !== 'hand' || choice.drafts.size < 2;
    this.#showAlike(choice.kind);
    const isOldText = choice.isOutdated && choice.kind !== 'hand';
    this.#note.textContent = isOldText
      ? 'This text has changed since you chose. Choose again to use the latest version.'
      : '';
  }

  /** @param {ChoiceKind | null} kind */
  #showAlike(kind) {
    const others = this.#subject?.choices.open(this.#index).length ?? 0;
    const canBe = others > 0 && kind !== null && kind !== 'hand';
    byId('alike-row', HTMLElement).hidden = !canBe;
    if (!canBe) this.#alike.checked = false;
    setText(
      'alike-text',
      `Do the same for the other ${others === 1 ? 'conflict' : conflicts(others)}`,
    );
  }

  #showAge() {
    const changedMs = this.#choice?.changedMs ?? null;
    setText('ours-age', changedMs === null ? '' : `changed ${ago(changedMs, Date.now())}`);
  }

  // Actions

  /** @param {(choices: import('./choices.js').Choices) => void} action */
  #change(action) {
    if (this.#subject) action(this.#subject.choices);
    this.#showChoice();
  }

  /** @param {ChoiceKind} kind */
  #choose(kind) {
    this.#change((choices) => choices.choose(this.#index, kind));
    this.#showAge();
    if (kind === 'hand') this.#result.focus();
  }

  #write() {
    if (this.#dialog.classList.contains('gone')) return;
    const text = withEndings(this.#result.value, this.#subject?.conflict.text ?? '');
    this.#change((choices) => choices.write(this.#index, text));
  }

  #useThis() {
    const [subject, choice] = [this.#subject, this.#choice];
    if (!subject || this.#dialog.classList.contains('gone')) return;
    const question = choice && this.#question(subject, choice);
    if (question) {
      this.tell(question);
      return;
    }
    const others = this.#alike.checked ? subject.choices.decideAlike(this.#index) : 0;
    if (choice) subject.choices.decide(this.#index);
    if (subject.choices.areComplete) this.#listener.decided(subject, this.#index);
    else this.#toUndecided(subject, others);
  }

  /** What the user has to do before this hunk is decided, or ''. @param {Subject} subject @param {import('./choices.js').Choice} choice */
  #question({ choices }, { kind, result }) {
    if (kind === null) return 'Choose a version first, or decide later.';
    const others = this.#alike.checked ? choices.emptied(this.#index) : 0;
    const removed = others + (result === '' ? 1 : 0);
    if (removed === 0 || this.#isEmptyConfirmed) return '';
    this.#isEmptyConfirmed = true;
    const what = removed === 1 ? 'the highlighted text' : `text in ${removed} places`;
    return `This deletes ${what} for everyone. Press “Use this” again to confirm.`;
  }

  /** Go to the next undecided hunk. @param {Subject} subject @param {number} others how many were decided alike */
  #toUndecided({ choices }, others) {
    this.#index = choices.all.findIndex((choice) => !choice.isDecided);
    this.#alike.checked = false;
    this.#show();
    this.#heading.focus();
    if (others > 0) this.tell(`Applied to ${others} more conflict${others === 1 ? '' : 's'}.`);
  }

  /** @param {number} step */
  #go(step) {
    const last = (this.#subject?.conflict.hunks.length ?? 1) - 1;
    const index = Math.max(0, Math.min(last, this.#index + step));
    if (index !== this.#index) this.#alike.checked = false;
    this.#index = index;
    this.#show();
    this.#heading.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.#subject) return;
    if (event.key === 'Escape' && !event.isComposing) {
      event.preventDefault(); // if the browser closes it, the event comes after the next key
      this.close();
    } else if (this.#dialog.classList.contains('gone')) {
      return;
    } else if (event.key === 'F8') {
      event.preventDefault();
      this.#go(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#useThis();
    }
  }
}
