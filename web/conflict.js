// The conflict bar and the dialog behind it. The bar never takes the focus and the dialog opens
// only when asked: whoever is typing goes on typing. Esc closes the dialog and leaves the conflict
// open; "Decide later" puts it aside.

import { Choices } from './choices.js';
import { byId } from './dom.js';
import { shown, withEndings } from './endings.js';
import { marked, nodesOf } from './marks.js';

/** @typedef {import('./protocol.js').Conflict} Conflict */
/** @typedef {import('./protocol.js').Hunk} Hunk */
/** @typedef {import('./choices.js').Kind} Kind */
/**
 * @typedef {{resolve: (results: readonly string[]) => void, park: () => void,
 *   said: (sentence: string) => void, closed: () => void}} ConflictListener
 */

const LINES_AROUND = 2;
const EMPTY_QUESTION = 'This removes the passage for everyone. Press “Use this” again to confirm.';

export class ConflictView {
  #listener;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {Choices | null} */
  #choices = null;
  #index = 0;
  #isEmptyConfirmed = false;

  #bar = byId('conflict-bar', HTMLElement);
  #dialog = byId('conflict', HTMLDialogElement);
  #heading = byId('conflict-heading', HTMLElement);
  #result = byId('result', HTMLTextAreaElement);
  #note = byId('conflict-note', HTMLElement);
  #use = byId('use-this', HTMLButtonElement);
  #swap = byId('swap', HTMLButtonElement);
  #radios = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.getElementsByName('keep'))];

  /** @param {ConflictListener} listener */
  constructor(listener) {
    this.#listener = listener;
    byId('review', HTMLButtonElement).onclick = () => this.#open();
    addEventListener('keydown', (event) => this.#onKey(event));
    for (const radio of this.#radios) {
      // Not `onchange`: who chooses the same again takes its new text. Keys click, too.
      radio.onclick = () => this.#choose(/** @type {Kind} */ (radio.value));
    }
    this.#swap.onclick = () => {
      this.#choices?.swap(this.#index);
      this.#showChoice();
    };
    this.#result.oninput = () => this.#write();
    this.#use.onclick = () => this.#useThis();
    byId('decide-later', HTMLButtonElement).onclick = () => {
      this.#close();
      this.#listener.park();
    };
    byId('close-conflict', HTMLButtonElement).onclick = () => this.#close();
    byId('previous', HTMLButtonElement).onclick = () => this.#go(-1);
    byId('next', HTMLButtonElement).onclick = () => this.#go(1);
    this.#dialog.onclose = () => this.#closed();
  }

  /** @param {Conflict | null} conflict as it is now; null: there is none */
  show(conflict) {
    if (conflict === this.#conflict) return;
    const before = this.#conflict;
    this.#conflict = conflict;
    if (conflict) {
      const shown = before?.hunks[this.#index];
      if (this.#choices) this.#choices.refresh(conflict);
      else this.#choices = new Choices(conflict);
      this.#index = Math.min(this.#index, conflict.hunks.length - 1);
      this.#showBar(conflict);
      if (!before) this.#listener.said(`${sentence(conflict)} Press F8 to review.`);
      if (this.#dialog.open) this.#renewDialog(shown);
    } else {
      this.#bar.hidden = true;
      this.#gone();
    }
  }

  /** The decision was sent; the answer decides whether the dialog closes. @param {boolean} isSent */
  busy(isSent) {
    this.#use.setAttribute('aria-busy', String(isSent));
  }

  // The bar

  /** @param {Conflict} conflict */
  #showBar(conflict) {
    const places = conflict.hunks.map((hunk) => lineOf(conflict.text, hunk.start));
    byId('conflict-who', HTMLElement).textContent =
      `${whoOf(conflict)} changed the same words as you`;
    const where = places.length > 1 ? `(${places.length} places)` : `(line ${places[0]})`;
    // How much others write is not said: `waiting` counts up to this message, and no further.
    byId('conflict-where', HTMLElement).textContent =
      ` ${where}. Nothing is lost: your text is kept here, and what others write is shown once you decide.`;
    this.#bar.hidden = false;
  }

  // The dialog

  #open() {
    if (!this.#conflict || this.#dialog.open) return;
    this.#dialog.classList.remove('gone');
    this.#note.textContent = '';
    this.#dialog.showModal();
    this.#showHunk();
    this.#heading.focus();
  }

  #close() {
    this.#dialog.close();
    this.#closed(); // not only after the event, which comes later: the next key is for the text
  }

  #closed() {
    if (!this.#conflict) this.#choices = null;
    this.#listener.closed();
  }

  /** @param {Hunk | undefined} before the hunk that was shown */
  #renewDialog(before) {
    const [note, isEmptyConfirmed] = [this.#note.textContent, this.#isEmptyConfirmed];
    this.#showHunk();
    const { base, ours, theirs } = this.#hunk;
    if (before?.base === base && before.ours === ours && before.theirs === theirs) {
      this.#note.textContent = note; // something else changed, elsewhere in the text
      this.#isEmptyConfirmed = isEmptyConfirmed;
    } else {
      const advice = this.#note.textContent || 'What you chose and wrote is still here.';
      this.#note.textContent = `This part was changed just now. ${advice}`;
    }
  }

  /** The conflict is over: by the answer to a decision, or because both sides agree by now. */
  #gone() {
    const choices = this.#choices;
    if (!this.#dialog.open) {
      this.#choices = null;
      return;
    }
    const isMeant = choices?.areComplete ?? true;
    const isWritten = choices?.all.some(({ written, kind }) => kind === 'hand' && written) ?? false;
    if (isMeant || !isWritten) {
      this.#close();
    } else {
      this.#dialog.classList.add('gone');
      this.#heading.textContent = 'Conflict settled: both versions agree now';
      byId('conflict-names', HTMLElement).textContent = '';
      this.#note.textContent = 'What you wrote was not needed. It stays here until you close this.';
    }
  }

  /** The one that is shown, of an open conflict. */
  get #hunk() {
    return /** @type {Hunk} */ (this.#conflict?.hunks[this.#index]);
  }

  #showHunk() {
    const conflict = this.#conflict;
    if (!conflict || !this.#choices) return;
    const { hunks, text } = conflict;
    const hunk = this.#hunk;
    const who = whoOf(conflict);
    const line = lineOf(text, hunk.start);
    const which = hunks.length > 1 ? ` ${this.#index + 1} of ${hunks.length}` : '';
    this.#heading.textContent = `Conflict${which} on line ${line}`;
    byId('conflict-names', HTMLElement).textContent =
      `You and ${who} changed the same words. Choose what to keep. Both versions stay in the document’s history.`;
    for (const element of this.#dialog.querySelectorAll('.their-name')) {
      element.textContent = `${who}'s`;
    }
    this.#showTexts(text, hunk);
    this.#showChoice();
    const steps = byId('steps', HTMLElement);
    steps.hidden = hunks.length < 2;
    byId('previous', HTMLButtonElement).disabled = this.#index === 0;
    byId('next', HTMLButtonElement).disabled = this.#index === hunks.length - 1;
  }

  /** @param {string} text @param {Hunk} hunk */
  #showTexts(text, hunk) {
    const around = surroundings(text, hunk);
    byId('context-above', HTMLElement).textContent = around.above;
    byId('context-below', HTMLElement).textContent = around.below;
    /** @type {[string, (Node | string)[]][]} */
    const panes = [
      ['base-text', [shown(hunk.base)]],
      ['my-text', nodesOf(marked(hunk.base, hunk.theirs))],
      ['their-text', nodesOf(marked(hunk.base, hunk.ours))],
    ];
    for (const [id, nodes] of panes) {
      const changed = document.createElement('span');
      changed.className = 'hunk';
      changed.append(...nodes);
      if (!changed.textContent)
        changed.append(span('nothing', id === 'base-text' ? '(nothing)' : '(deleted)'));
      const [before, after] = [span('around', around.before), span('around', around.after)];
      byId(id, HTMLElement).replaceChildren(before, changed, after);
    }
  }

  #showChoice() {
    const choice = this.#choices?.all[this.#index];
    if (!choice) return;
    for (const radio of this.#radios) radio.checked = radio.value === choice.kind;
    const value = shown(choice.result);
    if (this.#result.value !== value) this.#result.value = value;
    this.#swap.hidden = choice.kind !== 'both';
    this.#swap.textContent = choice.isMineFirst
      ? 'Mine comes first: swap'
      : 'Mine comes last: swap';
    this.#use.setAttribute('aria-disabled', String(choice.kind === null));
    this.#isEmptyConfirmed = false;
    const isOldText = choice.isOutdated && choice.kind !== 'mine' && choice.kind !== 'hand';
    this.#note.textContent = isOldText
      ? 'The result is based on the earlier text: choose again to take the new one.'
      : '';
  }

  /** @param {Kind} kind */
  #choose(kind) {
    this.#choices?.choose(this.#index, kind);
    this.#showChoice();
    if (kind === 'hand') this.#result.focus();
  }

  #write() {
    const text = withEndings(this.#result.value, this.#conflict?.text ?? '');
    this.#choices?.write(this.#index, text);
    this.#showChoice();
  }

  #useThis() {
    const [choices, conflict] = [this.#choices, this.#conflict];
    const choice = choices?.all[this.#index];
    if (!choices || !choice || !conflict) return;
    if (choice.kind === null) {
      this.#tell('Choose what to keep first, or decide later.');
    } else if (choice.result === '' && !this.#isEmptyConfirmed) {
      this.#tell(EMPTY_QUESTION);
      this.#isEmptyConfirmed = true;
    } else {
      choices.decide(this.#index);
      if (choices.areComplete) this.#listener.resolve(choices.results);
      else this.#toUndecided(choices);
    }
  }

  /** @param {Choices} choices */
  #toUndecided(choices) {
    this.#index = choices.all.findIndex((choice) => !choice.isDecided);
    this.#showHunk();
    this.#heading.focus();
  }

  /** @param {number} step */
  #go(step) {
    const last = (this.#conflict?.hunks.length ?? 1) - 1;
    this.#index = Math.max(0, Math.min(last, this.#index + step));
    this.#showHunk();
    this.#heading.focus();
  }

  /** Also heard, also when it is the same sentence again. @param {string} text */
  #tell(text) {
    this.#note.textContent = '';
    // Not the next frame: a window that is not in front gets none.
    setTimeout(() => {
      this.#note.textContent = text;
    }, 50);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === 'F8' && this.#conflict) {
      event.preventDefault();
      if (this.#dialog.open) this.#go(event.shiftKey ? -1 : 1);
      else this.#open();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && this.#dialog.open) {
      event.preventDefault();
      this.#useThis();
    }
  }
}

/** @param {Conflict} conflict */
function whoOf({ names }) {
  const all = names.ours.length > 0 ? names.ours : ['Somebody'];
  return all.length === 1 ? `${all[0]}` : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** @param {Conflict} conflict */
function sentence(conflict) {
  const [hunk] = conflict.hunks;
  const where = hunk ? ` on line ${lineOf(conflict.text, hunk.start)}` : '';
  return `${whoOf(conflict)} changed the same words as you${where}.`;
}

/** @param {string} text @param {number} position in code points */
function lineOf(text, position) {
  return [...text].slice(0, position).filter((character) => character === '\n').length + 1;
}

/** @param {string} text @param {Hunk} hunk */
function surroundings(text, { start, end }) {
  const characters = [...text];
  const before = shown(characters.slice(0, start).join('')).split('\n');
  const after = shown(characters.slice(end).join('')).split('\n');
  const beforeOnLine = before.pop() ?? '';
  const afterOnLine = after.shift() ?? '';
  return {
    above: before.slice(-LINES_AROUND).join('\n'),
    before: beforeOnLine,
    after: afterOnLine,
    below: after.slice(0, LINES_AROUND).join('\n').trimEnd(),
  };
}

/** @param {string} className @param {string} text */
function span(className, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}
