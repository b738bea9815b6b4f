// The bar that offers text of an earlier visit that was not sent, one at a time, and the dialog that
// shows it. It never takes the focus, and nothing is sent or thrown away unasked.

import { nodeOf } from '../conflict/marked_nodes.js';
import { copy, download } from '../conflict/own_text.js';
import { hasAll } from '../replica/missing.js';
import { marked } from '../text/marks.js';
import { byId } from '../ui/dom.js';
import { dayAndTime } from '../ui/phrases.js';
import { finished, orphanOf, orphansOf, Recovery, wordsIn } from './recovery.js';

/** @typedef {import('./recovery.js').Orphan} Orphan */
/** @typedef {import('../text/marks.js').Run} Run */
/** @typedef {'hidden' | 'offer' | 'question' | 'told'} Face */
/**
 * @typedef {{document: string, page: string, drafts: import('./drafts.js').Drafts,
 *   tabs: import('./tabs.js').Tabs, clock: import('../replica/connection.js').Clock,
 *   connect: import('./recovery.js').Tools['connect'],
 *   newest: () => import('../replica/working_copy.js').Known}} RecoveryContext newest: the document, as the page
 *   heard of it last
 * @typedef {{name: () => string, said: (sentence: string) => void,
 *   closed: () => void}} RecoveryListener closed: the focus was in the bar, which is gone
 */

const UNCHANGED_SHOWN = 200;

export class RecoveryBar {
  #here;
  #listener;
  /** @type {Set<string>} who is in the document, as far as the server knows */
  #people = new Set();
  /** @type {Orphan | null} the one that is dealt with */
  #orphan = null;
  #isLooking = false;
  #isLookDue = false;
  #isBusy = false;
  /** @type {Face} */
  #face = 'hidden';
  /** @type {Orphan[]} what this browser does not keep: it lives as long as the page */
  #unkept = [];
  /** @type {string | null} the last revision that was compared with what is offered */
  #compared = null;

  #bar = byId('recovery-bar', HTMLElement);
  #text = byId('recovery-text', HTMLElement);
  #merge = byId('merge-draft', HTMLButtonElement);
  #dialog = byId('draft', HTMLDialogElement);

  /** @param {RecoveryContext} here @param {RecoveryListener} listener */
  constructor(here, listener) {
    this.#here = here;
    this.#listener = listener;
    this.#merge.onclick = () => this.#whenFree(() => this.#send());
    onClick('show-draft', () => this.#showDifference());
    onClick('discard-draft', () => this.#whenFree(() => this.#ask()));
    onClick('discard-now', () => this.#discard());
    onClick('keep-draft', () => this.#offer());
    onClick('close-recovery', () => this.#next());
    onClick('copy-draft', () => this.#copy());
    onClick('download-draft', () => this.#download());
    onClick('close-draft', () => this.#dialog.close());
  }

  /** The clients that this page speaks for besides its own. */
  get clients() {
    return this.#orphan && this.#isBusy ? [this.#orphan.client] : [];
  }

  /** Now it is known who is here. @param {readonly import('../replica/protocol.js').Person[]} people */
  welcomed(people) {
    this.#people = new Set(people.map(({ client }) => client));
    this.#look();
  }

  /** Somebody has left, perhaps with unsent text. @param {string} client */
  left(client) {
    if (this.#people.delete(client)) this.#look();
  }

  /** The server lacks what this page had. @param {import('../replica/working_copy.js').Lost} lost */
  async lost(lost) {
    const orphan = orphanOf(this.#here.document, lost);
    const { drafts, document } = this.#here;
    await drafts.change(document, orphan.client, (found) => (found?.snapshot ? found : orphan));
    if (!drafts.isKeeping) this.#unkept.push(orphan);
    this.#look();
  }

  /** Whether something would be lost if the page were closed now. */
  get wouldLose() {
    return this.#unkept.length > 0;
  }

  /** There may be something newer: what is offered may be in it, merged by others. */
  changed() {
    const [orphan, { commit }] = [this.#orphan, this.#here.newest()];
    if (this.#face !== 'offer' || this.#isBusy || !orphan?.isLost || commit === this.#compared) {
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
    const isThere = orphan.isLost ? this.#isThere(orphan) : this.#recoveryOf(orphan).look();
    if (await isThere) {
      await this.#finish(orphan); // it was on its way when its page was closed
    } else {
      this.#orphan = orphan;
      this.#offer();
      this.#listener.said(this.#text.textContent ?? '');
    }
  }

  async #find() {
    const { document, drafts, page, tabs } = this.#here;
    const all = [...(await drafts.of(document)), ...this.#unkept];
    if (all.length === 0) return [];
    return orphansOf(all, new Set([page, ...(await tabs.living()), ...this.#people]));
  }

  /** Whether the document has all of it. @param {Orphan} orphan */
  #isThere({ snapshot }) {
    return hasAll(this.#here.newest().text, snapshot.local);
  }

  /** Offer it no longer: others have merged the same. @param {Orphan} orphan */
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

  #ask() {
    if (!this.#orphan) return;
    this.#show('question', `Permanently discard the text from ${about(this.#orphan)}?`);
    byId('keep-draft', HTMLElement).focus();
  }

  #next() {
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#orphan = null;
    this.#show('hidden', '');
    if (hadFocus) this.#listener.closed();
    this.#look();
  }

  /** @param {string} sentence how it ended */
  #tell(sentence) {
    this.#show('told', sentence);
    this.#listener.said(sentence);
  }

  /** @param {Face} face @param {string} text */
  #show(face, text) {
    this.#face = face;
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#bar.hidden = face === 'hidden';
    this.#text.textContent = text;
    for (const group of this.#bar.querySelectorAll('[data-face]')) {
      if (group instanceof HTMLElement) group.hidden = group.dataset.face !== face;
    }
    // The button that was pressed may be gone.
    if (hadFocus && face === 'offer') this.#merge.focus();
    if (hadFocus && face === 'told') byId('close-recovery', HTMLElement).focus();
  }

  // Dealing with it

  /** @param {() => void} action */
  #whenFree(action) {
    if (!this.#isBusy) action();
  }

  async #send() {
    this.#busy(true);
    const orphan = await this.#take();
    if (orphan) {
      const recovery = this.#recoveryOf(orphan);
      const ending = await recovery.run();
      if (recovery.lost) await this.lost(recovery.lost); // offered next
      if (ending === 'merged' || ending === 'parked') await this.#finish(orphan);
      else await this.#putBack(orphan, recovery.snapshot);
      this.#ended(ending, orphan, recovery.reason);
    }
    this.#busy(false);
  }

  /** @param {import('./recovery.js').Ending} ending @param {Orphan} orphan @param {string} reason */
  #ended(ending, orphan, reason) {
    if (ending === 'merged') this.#tell('Your text was merged into the document.');
    else if (ending === 'parked') {
      this.#tell('Your text was merged, except where it conflicted: see “unresolved” below.');
    } else {
      const why = reason || 'There is no connection.';
      const sentence = `Couldn’t merge your text from ${about(orphan)}. ${why} It’s still stored here; try again later.`;
      this.#show('offer', sentence);
      this.#listener.said(sentence);
    }
  }

  async #discard() {
    const orphan = await this.#take();
    if (!orphan) return;
    await this.#finish(orphan);
    this.#listener.said('Discarded.');
    this.#next();
  }

  /** Make it ours, as it is by now. @returns {Promise<Orphan | null>} null: another page was first */
  async #take() {
    const orphan = this.#orphan;
    if (!orphan) return null;
    const { drafts, page } = this.#here;
    const isThere = (/** @type {import('./drafts.js').Draft} */ found) =>
      found.snapshot !== null && found.owner === orphan.owner;
    const found = await drafts.change(orphan.document, orphan.client, (found) =>
      found && isThere(found) ? { ...found, owner: page } : found,
    );
    if (found ? isThere(found) : !drafts.isKeeping) {
      this.#orphan = /** @type {Orphan} */ ({ ...orphan, ...found, owner: page });
      return this.#orphan;
    }
    this.#listener.said('This was already handled in another window.');
    this.#next();
    return null;
  }

  /** @param {Orphan} orphan */
  async #finish(orphan) {
    const draft = finished(orphan, this.#here.page);
    this.#unkept = this.#unkept.filter(({ client }) => client !== orphan.client);
    await this.#here.drafts.change(orphan.document, orphan.client, (found) =>
      found?.owner === orphan.owner ? draft : found,
    );
  }

  /** @param {Orphan} orphan @param {import('../replica/replica.js').Snapshot} snapshot */
  async #putBack(orphan, snapshot) {
    this.#orphan = { ...orphan, snapshot };
    await this.#here.drafts.change(orphan.document, orphan.client, (found) =>
      found?.owner === orphan.owner ? { ...found, snapshot } : found,
    );
  }

  /** @param {Orphan} orphan */
  #recoveryOf({ snapshot, isLost }) {
    const { clock, connect } = this.#here;
    return new Recovery(snapshot, { connect, clock, name: this.#listener.name() }, isLost);
  }

  /** @param {boolean} isBusy */
  #busy(isBusy) {
    this.#isBusy = isBusy;
    this.#merge.setAttribute('aria-busy', String(isBusy));
    this.#merge.textContent = isBusy ? 'Merging…' : 'Merge into document';
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

/** When it was typed and how much it is. @param {Orphan} orphan */
function about({ snapshot, timeMs }) {
  const count = wordsIn(snapshot);
  const amount = count === 0 ? 'deletions only' : `${count} word${count === 1 ? '' : 's'}`;
  return `${dayAndTime(timeMs, Date.now())} (${amount})`;
}

/** What did not change, shortened: a long text is not to be searched for a few words. @param {Run[]} runs */
function abridged(runs) {
  return runs.map((run) => {
    const { kind, text } = run;
    if (kind !== 'same' || text.length <= 3 * UNCHANGED_SHOWN) return run;
    const [head, tail] = [text.slice(0, UNCHANGED_SHOWN), text.slice(-UNCHANGED_SHOWN)];
    return { ...run, text: `${head} […]\n\n[…] ${tail}` };
  });
}
