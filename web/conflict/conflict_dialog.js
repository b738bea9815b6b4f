// The dialog in which a person chooses, hunk by hunk: about a conflict of their own, or about what
// was put aside. It opens only when asked: whoever is typing goes on typing. Esc closes it and
// leaves everything as it is.

import { shown, withEndings } from '../text/endings.js';
import { byId, setText } from '../ui/dom.js';
import { ago } from '../ui/phrases.js';
import { linesOf } from './hunk_context.js';
import { foldBase, showHunk } from './hunk_view.js';
import { offerOwnText } from './own_text.js';
import { conflicts } from './wording.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Kind} Kind */
/**
 * @typedef {{conflict: import('../replica/protocol.js').UnmergedConflict, choices: import('./choices.js').Choices,
 *   wording: import('./wording.js').Wording, isOwn: boolean}} Subject what is decided about
 * @typedef {{used: (subject: Subject, index: number) => void, later: () => void,
 *   closed: (subject: Subject) => void, text: () => string}} DialogListener used: everything is
 *   decided, the hunk `index` last; later: decide later; text: the user's own, as it is now
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
      // Not `onchange`: who chooses the same again takes its new text. Keys click, too.
      radio.onclick = () => this.#choose(/** @type {Kind} */ (radio.value));
    }
    this.#swap.onclick = () => this.#change((choices) => choices.swap(this.#index));
    this.#drafts.onclick = () => this.#change((choices) => choices.nextDraft(this.#index));
    this.#result.oninput = () => this.#write();
    this.#use.onclick = () => this.#useThis();
    byId('decide-later', HTMLButtonElement).onclick = () => {
      this.close();
      listener.later();
    };
    byId('close-conflict', HTMLButtonElement).onclick = () => this.close();
    byId('previous', HTMLButtonElement).onclick = () => this.#go(-1);
    byId('next', HTMLButtonElement).onclick = () => this.#go(1);
    this.#dialog.onclose = () => {
      if (!this.#dialog.open) this.#closed(); // else it was opened again before it was told
    };
  }

  /** What it is open for, or null. */
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

  /** The same as it is now, in place. @param {Subject} subject */
  renew(subject) {
    const before = this.#hunk;
    const [note, isEmptyConfirmed] = [this.#note.textContent, this.#isEmptyConfirmed];
    this.#subject = subject;
    this.#dialog.classList.remove('gone');
    this.#index = Math.min(this.#index, subject.conflict.hunks.length - 1);
    this.#show(before);
    const { base, ours, theirs } = this.#hunk;
    if (before?.base === base && before.ours === ours && before.theirs === theirs) {
      this.#note.textContent = note; // something else changed, elsewhere in the text
      this.#isEmptyConfirmed = isEmptyConfirmed;
    } else {
      const advice = this.#note.textContent || 'Your choice and edits are still here.';
      this.#note.textContent = `This text just changed. ${advice}`;
    }
  }

  /** The conflict is over: by the answer to a decision, or because both sides agree by now. */
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

  /** Whether a decision is on its way; its answer decides whether the dialog closes. @param {boolean} isSent */
  busy(isSent) {
    this.#use.setAttribute('aria-busy', String(isSent));
  }

  close() {
    this.#dialog.close();
    this.#closed(); // not only after the event, which comes later: the next key is for the text
  }

  /** Also heard, also when it is the same sentence again. @param {string} text */
  tell(text) {
    this.#note.textContent = '';
    // Not the next frame: a window that is not in front gets none.
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

  // What is shown

  get #hunk() {
    return /** @type {Hunk} */ (this.#subject?.conflict.hunks[this.#index]);
  }

  get #choice() {
    return this.#subject?.choices.all[this.#index];
  }

  /** @param {Hunk} [before] the hunk that was shown */
  #show(before) {
    const { conflict, wording } = /** @type {Subject} */ (this.#subject);
    const { length } = conflict.hunks;
    this.#heading.textContent = wording.heading(this.#place());
    byId('conflict-names', HTMLElement).textContent = wording.about;
    setText('my-heading', wording.mine);
    setText('their-name', wording.theirs);
    setText('keep-mine', wording.mine);
    setText('keep-theirs', wording.theirs);
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
    const isPlain = !choice; // nothing to choose, only to put in
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

  /** @param {Kind | null} kind */
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
    setText('their-age', changedMs === null ? '' : `changed ${ago(changedMs, Date.now())}`);
  }

  // What is done

  /** @param {(choices: import('./choices.js').Choices) => void} action */
  #change(action) {
    if (this.#subject) action(this.#subject.choices);
    this.#showChoice();
  }

  /** @param {Kind} kind */
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
    if (subject.choices.areComplete) this.#listener.used(subject, this.#index);
    else this.#toUndecided(subject, others);
  }

  /** What has to be answered before this hunk is decided. @param {Subject} subject @param {import('./choices.js').Choice} choice */
  #question({ choices }, { kind, result }) {
    if (kind === null) return 'Choose a version first, or decide later.';
    const others = this.#alike.checked ? choices.emptied(this.#index) : 0;
    const removed = others + (result === '' ? 1 : 0);
    if (removed === 0 || this.#isEmptyConfirmed) return '';
    this.#isEmptyConfirmed = true;
    const what = removed === 1 ? 'the highlighted text' : `text in ${removed} places`;
    return `This deletes ${what} for everyone. Press “Use this” again to confirm.`;
  }

  /** @param {Subject} subject @param {number} others how many were decided alike */
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
      event.preventDefault(); // closed by the browser, it would tell so after the next key only
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
