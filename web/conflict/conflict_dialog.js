// The dialog in which the user resolves a conflict, a question a line: their own, or a parked one. The
// two versions are the choice, and the line that everyone will see is shown before it is used. It
// opens only on request, so it never interrupts typing. Esc closes it without a decision.

import { shown, withEndings } from '../text/endings.js';
import { abridged, marked } from '../text/marks.js';
import { say } from '../text/say.js';
import { byId, set, setText } from '../ui/dom.js';
import { ago } from '../ui/phrases.js';
import { linesOf } from './hunk_context.js';
import { nodeOf, showHunk, showOutcome } from './hunk_view.js';
import { offerOwnText } from './own_text.js';

/** @typedef {import('../replica/protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').ChoiceKind} ChoiceKind */
/**
 * @typedef {{conflict: import('../replica/protocol.js').UnmergedConflict, choices: import('./choices.js').Choices,
 *   wording: import('./wording.js').Wording, isOwn: boolean}} Subject the conflict in the dialog
 * @typedef {{decided: (subject: Subject, index: number) => void, postponed: () => void,
 *   closed: (subject: Subject) => void, text: () => string,
 *   showFace: (element: HTMLElement, who: import('./wording.js').Who) => void}} DialogListener decided:
 *   every hunk is decided, `index` as the last; text: the user's current text
 */

const TICK_MS = 1000;

export class ConflictDialog {
  #listener;
  /** @type {Subject | null} */
  #subject = null;
  #index = 0;
  #isArrow = false; // whether the last key was an arrow
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  #dialog = byId('conflict', HTMLDialogElement);
  #heading = byId('conflict-heading', HTMLElement);
  #result = byId('result', HTMLTextAreaElement);
  #note = byId('conflict-note', HTMLElement);
  #use = byId('use-this', HTMLButtonElement);
  #useForAll = byId('use-for-all', HTMLButtonElement);
  #swap = byId('swap', HTMLButtonElement);
  #backup = byId('own-text', HTMLDetailsElement);
  #radios = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.getElementsByName('keep'))];

  /** @param {string} document its name @param {DialogListener} listener */
  constructor(document, listener) {
    this.#listener = listener;
    offerOwnText(document, listener.text, (sentence) => this.tell(sentence));
    addEventListener('keydown', (event) => this.#onKey(event));
    this.#dialog.addEventListener('pointerdown', () => {
      this.#isArrow = false;
    });
    for (const radio of this.#radios) {
      // Not `onchange`: choosing the same side again adopts its new text. Keys cause clicks as well.
      radio.onclick = () => this.#choose(/** @type {ChoiceKind} */ (radio.value));
    }
    this.#swap.onclick = () => this.#change((choices) => choices.swap(this.#index));
    this.#result.oninput = () => this.#write();
    this.#use.onclick = () => this.#useThis();
    this.#useForAll.onclick = () => this.#useForAllAlike();
    byId('decide-later', HTMLButtonElement).onclick = () => {
      if (!this.#subject?.choices.isWritten) this.close(); // otherwise `end` offers what was written
      listener.postponed();
    };
    this.#backup.addEventListener('focusout', ({ relatedTarget }) => {
      if (!this.#backup.contains(/** @type {Node | null} */ (relatedTarget)))
        this.#backup.open = false;
    });
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

  /** @param {Subject} subject @param {number} [index] of the hunk to begin with: by default the first undecided */
  open(subject, index) {
    if (this.#subject) return;
    this.#subject = subject;
    const undecided = subject.choices.all.findIndex(({ isDecided }) => !isDecided);
    this.#index = Math.min(index ?? Math.max(0, undecided), subject.choices.all.length - 1);
    this.#dialog.classList.remove('finished');
    this.#dialog.classList.toggle('merging', subject.conflict.hunks.length === 0);
    this.#dialog.classList.toggle('parked', !subject.isOwn);
    this.#note.textContent = '';
    this.#backup.open = false;
    this.#dialog.showModal();
    this.#ticking = setInterval(() => this.#showAge(), TICK_MS);
    this.#show();
    this.#heading.focus();
  }

  /** Show a newer version of the same conflict. @param {Subject} subject */
  refresh(subject) {
    const before = this.#hunk;
    const note = this.#note.textContent;
    this.#subject = subject;
    this.#dialog.classList.remove('finished');
    this.#index = Math.min(this.#index, subject.conflict.hunks.length - 1);
    this.#show();
    const { base, ours, theirs } = this.#hunk;
    if (before?.base === base && before.ours === ours && before.theirs === theirs) {
      this.#note.textContent = note; // the change was elsewhere in the text
    } else {
      const advice = this.#note.textContent || say('choiceKept');
      this.#note.textContent = `${say('justChanged')} ${advice}`;
    }
  }

  /**
   * End a conflict that is over. Text written by hand that was not used stays until it is closed.
   *
   * @param {string} sentence how it ended
   */
  end(sentence) {
    const { choices } = /** @type {Subject} */ (this.#subject);
    const written = choices.all.find(({ draft }) => draft !== null);
    if (choices.areComplete || !written) {
      this.close();
      return;
    }
    this.#dialog.classList.add('finished');
    this.#heading.textContent = sentence;
    setText('conflict-about', '');
    this.#result.hidden = false;
    this.#result.value = shown(written.draft ?? '');
    this.#note.textContent = say('notUsed');
  }

  /** Show whether a decision awaits its answer, which may close the dialog. @param {boolean} isBusy */
  setBusy(isBusy) {
    set(this.#use, 'ariaBusy', String(isBusy));
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

  #show() {
    const { conflict, wording } = /** @type {Subject} */ (this.#subject);
    const { length } = conflict.hunks;
    this.#heading.textContent = wording.heading;
    setText('conflict-about', wording.about);
    for (const side of /** @type {const} */ (['theirs', 'ours'])) {
      setText(`${side}-name`, wording[side]);
      this.#listener.showFace(byId(`${side}-face`, HTMLElement), wording.whose[side]);
      const card = byId(`${side}-text`, HTMLElement).parentElement;
      const color = byId(`${side}-face`, HTMLElement).style.getPropertyValue('--person');
      card?.style.setProperty('--person', color || 'var(--quiet)');
    }
    if (length > 0) {
      const line = linesOf(conflict, this.#listener.text())[this.#index] ?? 1;
      showHunk(conflict, this.#index, line);
    } else this.#showAdded();
    this.#showSteps();
    this.#showChoice();
    this.#showAge();
  }

  /** Show what a version without conflicts would change. */
  #showAdded() {
    const { conflict } = /** @type {Subject} */ (this.#subject);
    const label = document.createElement('p');
    label.className = 'quiet';
    label.textContent = say('itWouldAdd');
    const runs = abridged(marked(this.#listener.text(), conflict.text));
    byId('added', HTMLElement).replaceChildren(label, ...runs.map(nodeOf));
  }

  #showSteps() {
    const { choices } = /** @type {Subject} */ (this.#subject);
    const count = choices.all.length;
    byId('steps', HTMLElement).hidden = count < 2;
    setText('step-text', say('step', { step: this.#index + 1, count }));
    byId('step-bars', HTMLElement).replaceChildren(
      ...choices.all.map(({ isDecided }, at) => {
        const bar = document.createElement('i');
        bar.className = at === this.#index ? 'current' : isDecided ? 'decided' : '';
        return bar;
      }),
    );
    byId('previous', HTMLButtonElement).disabled = this.#index === 0;
    byId('next', HTMLButtonElement).disabled = this.#index >= count - 1;
  }

  #showChoice() {
    const { conflict, choices, wording } = /** @type {Subject} */ (this.#subject);
    const choice = this.#choice;
    this.#showButtons();
    this.#result.hidden = choice?.kind !== 'hand';
    if (!choice) return; // it merges: there is nothing to choose
    const { kind } = choice;
    for (const radio of this.#radios) radio.checked = radio.value === kind;
    byId('both-choice', HTMLElement).hidden = !choices.canBeBoth(this.#index);
    this.#swap.hidden = kind !== 'both';
    set(this.#result, 'value', shown(choice.result));
    showOutcome(conflict, this.#index, kind === null ? null : choice.result);
    const isOldText = choice.isOutdated && kind !== 'hand';
    this.#note.textContent = isOldText ? say('changedSince') : '';
    this.#showForAll(wording, choices, kind);
  }

  #showButtons() {
    const { wording } = /** @type {Subject} */ (this.#subject);
    const choice = this.#choice;
    const isDeletion = choice !== undefined && choice.kind !== null && choice.result === '';
    this.#use.classList.toggle('danger', isDeletion);
    this.#use.setAttribute('aria-disabled', String(choice?.kind === null));
    if (!choice) this.#use.textContent = say('addToDocument');
    else if (choice.kind === null) this.#use.textContent = say('useNothing');
    else this.#use.textContent = isDeletion ? say('deleteForAll') : wording.use[choice.kind];
  }

  /** @param {import('./wording.js').Wording} wording @param {import('./choices.js').Choices} choices @param {ChoiceKind | null} kind */
  #showForAll(wording, choices, kind) {
    const side = kind === 'ours' ? 'ours' : 'theirs';
    const alike = choices.alike(this.#index, side);
    const isOther = kind === 'both' || kind === 'hand' || this.#choice?.isOutdated;
    this.#useForAll.hidden = alike.length < 2 || isOther === true;
    const deletions = alike.filter(({ hunk }) => hunk[side] === '').length;
    this.#useForAll.classList.toggle('danger', deletions > 0);
    const label = wording.useForAll(side, alike.length);
    this.#useForAll.textContent =
      deletions > 0 ? say('deletingSome', { label, count: deletions }) : label;
  }

  #showAge() {
    const changedMs = this.#choice?.changedMs ?? null;
    const age = changedMs === null ? '' : say('changedAgo', { ago: ago(changedMs, Date.now()) });
    setText('ours-age', age);
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
    // Arrow keys pass by the radio buttons.
    if (kind === 'hand' && !this.#isArrow) this.#result.focus();
  }

  #write() {
    if (this.#dialog.classList.contains('finished')) return;
    const text = withEndings(this.#result.value, this.#subject?.conflict.text ?? '');
    this.#change((choices) => choices.write(this.#index, text));
  }

  #useThis() {
    const [subject, choice] = [this.#subject, this.#choice];
    if (!subject || this.#dialog.classList.contains('finished')) return;
    if (choice?.kind === null) {
      this.tell(say('chooseOrLater'));
      return;
    }
    if (choice) subject.choices.decide(this.#index);
    if (subject.choices.areComplete) this.#listener.decided(subject, this.#index);
    else this.#toUndecided(subject);
  }

  /** Decide this hunk and the other open ones for one side. */
  #useForAllAlike() {
    const subject = this.#subject;
    if (!subject) return;
    subject.choices.decideAlike(this.#index, this.#choice?.kind === 'ours' ? 'ours' : 'theirs');
    if (subject.choices.areComplete) this.#listener.decided(subject, this.#index);
    else this.#toUndecided(subject);
  }

  /** Go to the next undecided hunk. @param {Subject} subject */
  #toUndecided({ choices }) {
    const isOpen = (/** @type {import('./choices.js').Choice} */ { isDecided }) => !isDecided;
    const next = choices.all.findIndex((choice, at) => at > this.#index && isOpen(choice));
    this.#index = next >= 0 ? next : choices.all.findIndex(isOpen);
    this.#show();
    this.#heading.focus();
  }

  /** @param {number} step */
  #go(step) {
    const last = (this.#subject?.conflict.hunks.length ?? 1) - 1;
    this.#index = Math.max(0, Math.min(last, this.#index + step));
    this.#show();
    this.#heading.focus();
  }

  #closeBackup() {
    this.#backup.open = false;
    this.#backup.querySelector('summary')?.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.#subject) return;
    this.#isArrow = event.key.startsWith('Arrow');
    const isInField = document.activeElement === this.#result;
    const isPlain = !(event.ctrlKey || event.altKey || event.metaKey);
    if (event.key === 'Escape' && this.#backup.open) {
      event.preventDefault();
      this.#closeBackup();
    } else if (event.key === 'Escape' && !event.isComposing) {
      event.preventDefault(); // if the browser closes it, the event comes after the next key
      this.close();
    } else if (this.#dialog.classList.contains('finished')) {
      return;
    } else if (event.key === 'F8') {
      event.preventDefault();
      this.#go(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#useThis();
    } else if ((event.key === '1' || event.key === '2') && isPlain && !isInField && this.#choice) {
      const radio = this.#radios[Number(event.key) - 1];
      radio?.focus();
      radio?.click();
    }
  }
}
