// The bar that offers unsent text of earlier visits, one draft at a time, and the dialog that shows
// it. It never takes the focus, and sends or discards nothing without being asked.

import { nodeOf } from '../conflict/hunk_view.js';
import { copy, download } from '../conflict/own_text.js';
import { hasAll } from '../replica/missing.js';
import { marked } from '../text/marks.js';
import { byId } from '../ui/dom.js';
import { dayAndTime } from '../ui/phrases.js';
import { finishedDraft, orphanFromLost, orphansOf, Recovery, wordsIn } from './recovery.js';

/** @typedef {import('./recovery.js').Orphan} Orphan */
/** @typedef {import('../text/marks.js').Run} Run */
/** @typedef {'hidden' | 'offer' | 'confirm' | 'result'} View */
/**
 * @typedef {{document: string, page: string, drafts: import('./drafts.js').Drafts,
 *   tabs: import('./tabs.js').Tabs, clock: import('../replica/connection.js').Clock,
 *   connect: import('./recovery.js').Tools['connect'],
 *   newest: () => import('../replica/working_copy.js').Known}} RecoveryContext newest: the newest revision that
 *   the page has received
 * @typedef {{name: () => string, announce: (sentence: string) => void,
 *   focusEditor: () => void}} RecoveryListener
 */

const UNCHANGED_SHOWN = 200;

export class RecoveryBar {
  #context;
  #listener;
  /** @type {Set<string>} the clients in the document, as the server sees it */
  #people = new Set();
  /** @type {Orphan | null} the draft in the bar */
  #orphan = null;
  #isLooking = false;
  #isLookDue = false;
  #isBusy = false;
  /** @type {View} */
  #view = 'hidden';
  /** @type {Orphan[]} drafts that the browser cannot store, and that live as long as the page */
  #unkept = [];
  /** @type {string | null} the last revision compared with the offered draft */
  #compared = null;

  #bar = byId('recovery-bar', HTMLElement);
  #text = byId('recovery-text', HTMLElement);
  #merge = byId('merge-draft', HTMLButtonElement);
  #dialog = byId('draft', HTMLDialogElement);

  /** @param {RecoveryContext} context @param {RecoveryListener} listener */
  constructor(context, listener) {
    this.#context = context;
    this.#listener = listener;
    this.#merge.onclick = () => this.#whenFree(() => this.#send());
    onClick('show-draft', () => this.#showDifference());
    onClick('discard-draft', () => this.#whenFree(() => this.#confirmDiscard()));
    onClick('discard-now', () => this.#discard());
    onClick('keep-draft', () => this.#offer());
    onClick('close-recovery', () => this.#next());
    onClick('copy-draft', () => this.#copy());
    onClick('download-draft', () => this.#download());
    onClick('close-draft', () => this.#dialog.close());
  }

  /** The clients that this page acts as besides its own. */
  get clients() {
    return this.#orphan && this.#isBusy ? [this.#orphan.client] : [];
  }

  /** Look for drafts whose authors are not here. @param {readonly import('../replica/protocol.js').Person[]} people */
  welcomed(people) {
    this.#people = new Set(people.map(({ client }) => client));
    this.#look();
  }

  /** A client has left, perhaps with unsent text. @param {string} client */
  left(client) {
    if (this.#people.delete(client)) this.#look();
  }

  /** The server lacks text that this page had. @param {import('../replica/working_copy.js').Lost} lost */
  async lost(lost) {
    const orphan = orphanFromLost(this.#context.document, lost);
    const { drafts, document } = this.#context;
    await drafts.change(document, orphan.client, (found) => (found?.snapshot ? found : orphan));
    if (!drafts.isKeeping) this.#unkept.push(orphan);
    this.#look();
  }

  /** Whether closing the page now would lose text. */
  get wouldLose() {
    return this.#unkept.length > 0;
  }

  /** There may be a newer revision, which may contain the offered text. */
  changed() {
    const [orphan, { commit }] = [this.#orphan, this.#context.newest()];
    if (this.#view !== 'offer' || this.#isBusy || !orphan?.isLost || commit === this.#compared) {
      return;
    }
    this.#compared = commit;
    if (this.#isThere(orphan)) this.#withdraw(orphan);
  }

  // Finding

  async #look() {
    this.#isLookDue = true;
    if (this.#isLooking || this.#orphan) return;
    this.#isLooking = true;
    while (this.#isLookDue && !this.#orphan) {
      this.#isLookDue = false;
      for (const orphan of await this.#find()) await this.#found(orphan);
    }
    this.#isLooking = false;
  }

  /** @param {Orphan} orphan */
  async #found(orphan) {
    if (this.#orphan) return; // one at a time
    const isThere = orphan.isLost ? this.#isThere(orphan) : this.#recoveryOf(orphan).hasArrived();
    if (await isThere) {
      await this.#finish(orphan); // its last edit was still in flight when its page was closed
    } else {
      this.#orphan = orphan;
      this.#offer();
      this.#listener.announce(this.#text.textContent ?? '');
    }
  }

  async #find() {
    const { document, drafts, page, tabs } = this.#context;
    const all = [...(await drafts.of(document)), ...this.#unkept];
    if (all.length === 0) return [];
    return orphansOf(all, new Set([page, ...(await tabs.livingIds()), ...this.#people]));
  }

  /** Whether the document has all of a draft. @param {Orphan} orphan */
  #isThere({ snapshot }) {
    return hasAll(this.#context.newest().text, snapshot.local);
  }

  /** Stop offering a draft that others have merged. @param {Orphan} orphan */
  async #withdraw(orphan) {
    await this.#finish(orphan);
    if (this.#orphan === orphan && !this.#isBusy) this.#next();
  }

  // Offering

  #offer() {
    if (!this.#orphan) return;
    this.#compared = null;
    const what = about(this.#orphan);
    this.#show(
      'offer',
      this.#orphan.isLost
        ? `The server has an older version of this document. The missing text, from ${what}, is stored in this browser.`
        : `You have unsent text from ${what}.`,
    );
  }

  #confirmDiscard() {
    if (!this.#orphan) return;
    this.#show('confirm', `Permanently discard the text from ${about(this.#orphan)}?`);
    byId('keep-draft', HTMLElement).focus();
  }

  #next() {
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#orphan = null;
    this.#show('hidden', '');
    if (hadFocus) this.#listener.focusEditor();
    this.#look();
  }

  /** @param {string} sentence the outcome */
  #tell(sentence) {
    this.#show('result', sentence);
    this.#listener.announce(sentence);
  }

  /** @param {View} view @param {string} text */
  #show(view, text) {
    this.#view = view;
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#bar.hidden = view === 'hidden';
    this.#text.textContent = text;
    for (const group of this.#bar.querySelectorAll('[data-view]')) {
      if (group instanceof HTMLElement) group.hidden = group.dataset.view !== view;
    }
    // The button that was pressed may be hidden now.
    if (hadFocus && view === 'offer') this.#merge.focus();
    if (hadFocus && view === 'result') byId('close-recovery', HTMLElement).focus();
  }

  // Sending and discarding

  /** @param {() => void} action */
  #whenFree(action) {
    if (!this.#isBusy) action();
  }

  async #send() {
    this.#busy(true);
    const orphan = await this.#claim();
    if (orphan) {
      const recovery = this.#recoveryOf(orphan);
      const outcome = await recovery.run();
      if (recovery.lost) await this.lost(recovery.lost); // to be offered next
      if (outcome === 'merged' || outcome === 'parked') await this.#finish(orphan);
      else await this.#putBack(orphan, recovery.snapshot);
      this.#tellOutcome(outcome, orphan, recovery.reason);
    }
    this.#busy(false);
  }

  /** @param {import('./recovery.js').Outcome} outcome @param {Orphan} orphan @param {string} reason */
  #tellOutcome(outcome, orphan, reason) {
    if (outcome === 'merged') this.#tell('Your text was merged into the document.');
    else if (outcome === 'parked') {
      this.#tell('Your text was merged, except where it conflicted: see “unresolved” below.');
    } else {
      const why = reason || 'There is no connection.';
      const sentence = `Couldn’t merge your text from ${about(orphan)}. ${why} It’s still stored here; try again later.`;
      this.#show('offer', sentence);
      this.#listener.announce(sentence);
    }
  }

  async #discard() {
    const orphan = await this.#claim();
    if (!orphan) return;
    await this.#finish(orphan);
    this.#listener.announce('Discarded.');
    this.#next();
  }

  /** Become the owner of the draft. @returns {Promise<Orphan | null>} its current form; null if another page was first */
  async #claim() {
    const orphan = this.#orphan;
    if (!orphan) return null;
    const { drafts, page } = this.#context;
    const isThere = (/** @type {import('./drafts.js').Draft} */ found) =>
      found.snapshot !== null && found.owner === orphan.owner;
    const found = await drafts.change(orphan.document, orphan.client, (found) =>
      found && isThere(found) ? { ...found, owner: page } : found,
    );
    if (found ? isThere(found) : !drafts.isKeeping) {
      this.#orphan = /** @type {Orphan} */ ({ ...orphan, ...found, owner: page });
      return this.#orphan;
    }
    this.#listener.announce('This was already handled in another window.');
    this.#next();
    return null;
  }

  /** @param {Orphan} orphan */
  async #finish(orphan) {
    const draft = finishedDraft(orphan, this.#context.page);
    this.#unkept = this.#unkept.filter(({ client }) => client !== orphan.client);
    await this.#context.drafts.change(orphan.document, orphan.client, (found) =>
      found?.owner === orphan.owner ? draft : found,
    );
  }

  /** @param {Orphan} orphan @param {import('../replica/replica.js').Snapshot} snapshot */
  async #putBack(orphan, snapshot) {
    this.#orphan = { ...orphan, snapshot };
    await this.#context.drafts.change(orphan.document, orphan.client, (found) =>
      found?.owner === orphan.owner ? { ...found, snapshot } : found,
    );
  }

  /** @param {Orphan} orphan */
  #recoveryOf({ snapshot, isLost }) {
    const { clock, connect } = this.#context;
    return new Recovery(snapshot, { connect, clock, name: this.#listener.name() }, isLost);
  }

  /** @param {boolean} isBusy */
  #busy(isBusy) {
    this.#isBusy = isBusy;
    this.#merge.setAttribute('aria-busy', String(isBusy));
    this.#merge.textContent = isBusy ? 'Merging…' : 'Merge';
  }

  // The dialog

  #showDifference() {
    if (!this.#orphan) return;
    const { known, local } = this.#orphan.snapshot;
    const { isLost } = this.#orphan;
    byId('draft-heading', HTMLElement).textContent = isLost
      ? 'Text missing on the server'
      : 'Unsent text';
    byId('draft-about', HTMLElement).textContent =
      `From ${about(this.#orphan)}. ${isLost ? 'The missing text is' : 'Your changes are'} highlighted.`;
    byId('draft-text', HTMLElement).replaceChildren(
      ...abridged(marked(known.text, local)).map(nodeOf),
    );
    this.#dialog.showModal();
  }

  async #copy() {
    const isCopied = await copy(this.#orphan?.snapshot.local ?? '');
    byId('draft-note', HTMLElement).textContent = isCopied
      ? 'Copied.'
      : 'Couldn’t copy. Download it instead.';
  }

  #download() {
    if (!this.#orphan) return;
    const { document: name, snapshot } = this.#orphan;
    download(`${name}-not-sent.txt`, snapshot.local);
  }
}

/** @param {string} id @param {() => void} action */
function onClick(id, action) {
  byId(id, HTMLButtonElement).onclick = action;
}

/** When a draft was typed, and its size. @param {Orphan} orphan */
function about({ snapshot, timeMs }) {
  const count = wordsIn(snapshot);
  const amount = count === 0 ? 'deletions only' : `${count} word${count === 1 ? '' : 's'}`;
  return `${dayAndTime(timeMs, Date.now())} (${amount})`;
}

/** Shorten the unchanged parts, so that a few changed words in a long text are easy to find. @param {Run[]} runs */
function abridged(runs) {
  return runs.map((run) => {
    const { kind, text } = run;
    if (kind !== 'same' || text.length <= 3 * UNCHANGED_SHOWN) return run;
    const [head, tail] = [text.slice(0, UNCHANGED_SHOWN), text.slice(-UNCHANGED_SHOWN)];
    return { ...run, text: `${head} […]\n\n[…] ${tail}` };
  });
}
