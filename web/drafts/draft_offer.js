// The offer of unsent text of earlier visits, one draft at a time: a notice, and a dialog that shows
// the text. It never takes the focus, and sends or discards nothing without being asked.

import { nodeOf } from '../conflict/hunk_view.js';
import { hasAll } from '../replica/missing.js';
import { abridged, marked } from '../text/marks.js';
import { say } from '../text/say.js';
import { byId, setText } from '../ui/dom.js';
import { copy, download } from '../ui/export_text.js';
import { dayAndTime } from '../ui/phrases.js';
import { dropCopyOf } from './draft_copy.js';
import { finishedDraft, orphanFromLost, orphansOf, Recovery, wordsIn } from './recovery.js';

/** @typedef {import('./recovery.js').Orphan} Orphan */
/**
 * @typedef {{document: string, page: string, drafts: import('./drafts.js').Drafts,
 *   tabs: import('./tabs.js').Tabs, clock: import('../replica/connection.js').Clock,
 *   connect: import('./recovery.js').Tools['connect'],
 *   newest: () => import('../replica/working_copy.js').Known}} OfferContext newest: the newest revision that
 *   the page has received
 * @typedef {{notices: import('../ui/notice_bar.js').NoticeBar, toast: import('../ui/toast.js').Toast,
 *   name: () => string, announce: (sentence: string) => void, focusEditor: () => void,
 *   isViewOnly: () => boolean, offerChanged: () => void}} OfferListener offerChanged: `isOffered` has
 *   changed
 */

export class DraftOffer {
  #context;
  #listener;
  /** @type {Set<string>} the clients in the document, as the server sees it */
  #people = new Set();
  /** @type {Orphan | null} the draft on offer */
  #orphan = null;
  #isLooking = false;
  #isLookDue = false;
  #isBusy = false;
  /** @type {Orphan[]} drafts that the browser cannot store, and that live as long as the page */
  #unkept = [];
  /** @type {string | null} the last revision compared with the offered draft */
  #compared = null;

  #merge = byId('merge-draft', HTMLButtonElement);
  #dialog = byId('draft', HTMLDialogElement);

  /** @param {OfferContext} context @param {OfferListener} listener */
  constructor(context, listener) {
    this.#context = context;
    this.#listener = listener;
    this.#merge.onclick = () => this.#whenFree(() => this.#send());
    onClick('discard-draft', () => this.#whenFree(() => this.#ask(true)));
    onClick('discard-now', () => this.#discard());
    onClick('keep-draft', () => {
      this.#ask(false);
      byId('discard-draft', HTMLElement).focus();
    });
    onClick('copy-draft', () => this.#copy());
    onClick('download-draft', () => this.#download());
    onClick('close-draft', () => this.#close());
    this.#dialog.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault(); // if the browser closes it, the focus comes after the next key
      this.#close();
    });
    byId('draft-text', HTMLElement).tabIndex = 0; // it scrolls
  }

  /** Whether a draft is on offer: text that the server lacks. */
  get isOffered() {
    return this.#orphan !== null;
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
    await this.#keep(orphanFromLost(this.#context.document, lost), (found) => !found?.snapshot);
    this.#look();
  }

  /** The user may only read from now on; the next welcome offers the text. @param {Orphan} orphan */
  setAside(orphan) {
    this.#keep(orphan, () => true);
  }

  /** @param {Orphan} orphan @param {(found: import('./drafts.js').Draft | undefined) => boolean} isNew */
  async #keep(orphan, isNew) {
    const { drafts, document } = this.#context;
    await drafts.change(document, orphan.client, (found) => (isNew(found) ? orphan : found));
    if (!drafts.isKeeping) this.#unkept.push(orphan);
  }

  /** Whether closing the page now would lose text. */
  get wouldLose() {
    return this.#unkept.length > 0;
  }

  /** There may be a newer revision, which may contain the offered text. */
  changed() {
    const [orphan, { commit }] = [this.#orphan, this.#context.newest()];
    if (this.#isBusy || !orphan?.isLost || commit === this.#compared) return;
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
      this.#listener.announce(this.#offer());
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

  /** @returns {string} the notice */
  #offer() {
    this.#compared = null;
    const orphan = /** @type {Orphan} */ (this.#orphan);
    const what = say(orphan.isLost ? 'missingFrom' : 'unsentFrom', { when: about(orphan) });
    this.#listener.notices.show('unsent', {
      icon: 'unsent',
      what,
      action: { label: say('review'), run: () => this.#open() },
    });
    this.#listener.offerChanged();
    return what;
  }

  /** Stop offering this draft, and offer the next if there is one. @param {string} [sentence] how it ended */
  #next(sentence) {
    this.#orphan = null;
    if (this.#dialog.open) this.#close();
    this.#listener.notices.show('unsent', null);
    this.#listener.offerChanged();
    if (sentence) this.#listener.toast.show(sentence);
    this.#look();
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
      this.#tellOutcome(outcome, recovery.reason);
    }
    this.#busy(false);
  }

  /** @param {import('./recovery.js').Outcome} outcome @param {string} reason */
  #tellOutcome(outcome, reason) {
    if (outcome === 'merged') this.#next(say('mergedText'));
    else if (outcome === 'parked') this.#next(say('mergedPartly'));
    else {
      this.#offer();
      const sentence = say('mergeFailed', { why: reason || say('noConnection') });
      if (this.#dialog.open) this.#tell(sentence);
      else this.#listener.toast.show(sentence);
    }
  }

  async #discard() {
    const orphan = await this.#claim();
    if (!orphan) return;
    await this.#finish(orphan);
    this.#next(say('discarded'));
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
    this.#next(say('otherWindow'));
    return null;
  }

  /** @param {Orphan} orphan */
  async #finish(orphan) {
    const draft = finishedDraft(orphan, this.#context.page);
    dropCopyOf(orphan.document, orphan.client);
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
    this.#merge.textContent = say(isBusy ? 'merging' : 'merge');
  }

  // The dialog

  #open() {
    const orphan = this.#orphan;
    if (!orphan) return;
    const { snapshot, isLost } = orphan;
    const { known, local } = snapshot;
    setText('draft-heading', say(isLost ? 'missingText' : 'unsentText'));
    setText('draft-about', say(isLost ? 'missingAbout' : 'unsentAbout', { when: about(orphan) }));
    byId('draft-text', HTMLElement).replaceChildren(
      ...abridged(marked(known.text, local)).map(nodeOf),
    );
    this.#merge.hidden = this.#listener.isViewOnly();
    this.#ask(false);
    this.#dialog.showModal();
  }

  #close() {
    this.#dialog.close();
    this.#listener.focusEditor();
  }

  /** Show the buttons, or ask before the text is discarded. @param {boolean} isDiscarding */
  #ask(isDiscarding) {
    const view = isDiscarding ? 'confirm' : 'offer';
    for (const group of this.#dialog.querySelectorAll('[data-view]')) {
      if (group instanceof HTMLElement) group.hidden = group.dataset.view !== view;
    }
    const note = this.#merge.hidden ? say('unsentViewOnly') : '';
    this.#tell(isDiscarding ? say('discardQuestion') : note);
    if (isDiscarding) byId('keep-draft', HTMLElement).focus();
  }

  /** @param {string} sentence */
  #tell(sentence) {
    setText('draft-note', sentence);
  }

  async #copy() {
    const isCopied = await copy(this.#orphan?.snapshot.local ?? '');
    this.#tell(say(isCopied ? 'copied' : 'copyFailed'));
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
  const words = count === 0 ? say('deletionsOnly') : say('words', { count });
  return say('whenAndWords', { when: dayAndTime(timeMs, Date.now()), words });
}
