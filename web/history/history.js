// The history of a document, in place of its text: which version is shown, and what follows from that
// for the list, the slider, the text and the buttons. The document stays connected meanwhile. The
// address says what is shown, so a version can be linked; going back, or Esc, returns to the text.

import { say } from '../text/say.js';
import { RefusedError, sentenceOf } from '../ui/answers.js';
import { byId, setText } from '../ui/dom.js';
import { fragment } from '../ui/loading.js';
import { addressOf } from './address.js';
import { AuthorColors } from './author_colors.js';
import { comparisonOf } from './changes.js';
import { ChangesView } from './changes_view.js';
import { credited } from './credit.js';
import { Frame } from './frame.js';
import { HistoryApi } from './history_api.js';
import { NameDialog } from './name_dialog.js';
import { OtherChoice } from './other_choice.js';
import { Player } from './player.js';
import { Restoring } from './restoring.js';
import { addressOfShown, authorsOf, endsOf, shownAt, titleOfShown } from './shown.js';
import { Slider } from './slider.js';
import { VersionList } from './version_list.js';
import { OPEN, Versions } from './versions.js';

/** @typedef {import('./history_link.js').Host} Host */
/** @typedef {import('./shown.js').Shown} Shown */

// While the slider moves nothing is loaded.
const SLIDING_MS = 150;

export class HistoryView {
  #host;
  #api;
  #versions;
  /** @type {Shown | null} */
  #shown = null;
  #turn = 0; // of loading: what comes too late is dropped
  #restore = byId('past-restore', HTMLButtonElement);
  #looked = byId('past-looked', HTMLButtonElement);
  #frame;
  #restoring;
  #list;
  #changes;
  #player;
  #slider = new Slider((version) => this.#choose({ version, other: null }, SLIDING_MS));
  #choice = new OtherChoice((other) => this.#shown && this.#choose({ ...this.#shown, other }));
  #names;

  /** Load what the history looks like. @param {Host} host */
  static async load(host) {
    await fragment('history/history.html', 'history/history.css');
    return new HistoryView(host);
  }

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#api = new HistoryApi(host.document, () => host.people()[0]?.name ?? '');
    this.#versions = new Versions((limit, before) => this.#api.versions(limit, before));
    const colors = new AuthorColors(host.people);
    const colorOf = (/** @type {string} */ name) => colors.of(name);
    this.#names = new NameDialog(this.#api, {
      renamed: (id, sentence) => this.#renamed(id, sentence),
      closed: () => this.#list.focus(),
    });
    const failed = (/** @type {unknown} */ problem) => this.#fail(problem);
    this.#frame = new Frame({
      step: (steps) => this.#changes.step(steps),
      undo: () => {
        host.undo();
        this.#changes.undone();
      },
      closed: () => this.#closed(),
    });
    this.#restoring = new Restoring(host, { restored: () => this.#frame.leave(), failed });
    this.#list = new VersionList({
      chosen: (version) => {
        if (version.id === OPEN) this.#showNewest();
        else this.#choose({ version, other: null });
      },
      endReached: () => this.#loadMore(),
      rename: (version) => this.#names.open(version),
      colorOf,
    });
    this.#changes = new ChangesView({
      bring: (change, text) => this.#bringBack(change, text),
      announce: host.announce,
      colorOf,
    });
    this.#player = new Player({
      load: () => this.#steps(),
      moved: (playback, authors) => this.#changes.showMoment(playback, authors),
      stopped: () => this.#shown && this.#choose(this.#shown),
      failed,
    });
    this.#looked.onclick = () => this.#chooseLooked();
    this.#restore.onclick = () => this.#shown && this.#restoring.ask(this.#shown.version);
  }

  /** Show what the address says. @param {string} before the address until now, '' for a new page */
  async follow(before) {
    const address = addressOf(location.hash);
    if (!address) {
      this.#frame.close();
      return;
    }
    this.#frame.open(before !== '');
    this.#shown = null;
    const turn = ++this.#turn;
    await this.#try(async () => {
      await this.#versions.reload();
      const shown = await shownAt(address, this.#versions);
      if (turn !== this.#turn) return;
      this.#showList();
      if (shown) await this.#show(shown);
      else this.#frame.tell(say(this.#versions.all.length === 0 ? 'noVersions' : 'versionGone'));
    });
  }

  /** Count a change by others. */
  updateReceived() {
    this.#frame.updateReceived();
  }

  #closed() {
    this.#turn++;
    this.#player.stop();
    this.#changes.clear();
    this.#restore.hidden = true;
    this.#shown = null;
    this.#host.focusEditor();
  }

  // What is shown

  /** @param {Shown} shown @param {number} [afterMs] */
  #choose(shown, afterMs = 0) {
    history.replaceState(null, '', addressOfShown(shown, this.#versions));
    byId('versions', HTMLElement).hidePopover();
    this.#try(() => this.#show(shown, afterMs));
  }

  /** People may have written on in the newest version: load it anew. */
  #showNewest() {
    history.replaceState(null, '', '#history');
    byId('versions', HTMLElement).hidePopover();
    this.follow(location.href);
  }

  #chooseLooked() {
    const [newest, looked] = [this.#versions.all[0], this.#host.looked()];
    if (newest && looked) this.#choose({ version: newest, other: looked });
  }

  /** @param {Shown} shown @param {number} [afterMs] */
  async #show(shown, afterMs = 0) {
    const turn = ++this.#turn;
    this.#shown = shown;
    const { version, other } = shown;
    const [versions, canEdit] = [this.#versions, !this.#host.isViewOnly()];
    const title = titleOfShown(shown, versions, this.#host.looked(), Date.now());
    this.#frame.title(title);
    this.#player.stop();
    this.#player.isPossible = other === null && version.steps > 0;
    this.#list.mark(version);
    this.#slider.show(versions.all, version);
    this.#choice.show(versions.all, version, other, this.#host.looked());
    this.#restore.hidden = version.revision === versions.revision || !canEdit;
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
    if (turn !== this.#turn) return;
    const { length } = versions.all;
    const ends = await endsOf(shown, versions);
    if (versions.all.length > length) this.#showList();
    const diff = await this.#diff(ends);
    if (turn !== this.#turn) return;
    const { runs, authors } = credited(diff.runs, diff.authors, authorsOf(shown, versions));
    this.#changes.show(comparisonOf(runs), authors, canEdit);
    const { count } = this.#changes;
    this.#frame.tell(count === 0 ? say('noChanges') : '');
    this.#host.announce(`${title}. ${say('changeCount', { count })}`);
  }

  /** @param {[from: string, to: string]} ends */
  async #diff(ends) {
    try {
      return await this.#api.diff(...ends);
    } catch (problem) {
      this.#changes.clear(); // it would be under the wrong title
      throw problem;
    }
  }

  #showList() {
    const { all, hasMore, isComplete, revision } = this.#versions;
    this.#list.show(all, hasMore, !this.#host.isViewOnly());
    setText('versions-note', isComplete ? '' : say('versionsIncomplete'));
    const looked = this.#host.looked();
    this.#looked.hidden = !looked || looked === revision;
    if (!this.#shown) return;
    this.#list.mark(this.#shown.version);
    this.#slider.show(all, this.#shown.version);
  }

  async #loadMore() {
    await this.#try(async () => {
      await this.#versions.loadMore();
      this.#showList();
    });
  }

  async #steps() {
    const { version } = /** @type {Shown} */ (this.#shown);
    return this.#api.steps(...(await endsOf({ version, other: null }, this.#versions)));
  }

  // What can be done with it

  /** @param {string} id @param {string} sentence */
  async #renamed(id, sentence) {
    await this.#versions.reload();
    const version = (await this.#versions.find(id)) ?? this.#versions.all[0];
    this.#shown = null; // it has the old name
    this.#showList();
    if (version) this.#choose({ version, other: null });
    this.#host.announce(sentence);
  }

  /** @param {import('./changes.js').Change} change @param {string} text */
  #bringBack(change, text) {
    const isDone = this.#restoring.bringBack(change, text);
    this.#frame.tell(say(isDone ? 'broughtBack' : 'placeChanged'), isDone);
    return isDone;
  }

  /** @param {() => Promise<void>} action */
  async #try(action) {
    try {
      await action();
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** @param {unknown} problem */
  #fail(problem) {
    if (!(problem instanceof RefusedError)) console.error(problem);
    this.#frame.tell(sentenceOf(problem));
  }
}
