// The notice of an open conflict. It appears with a delay: many conflicts resolve themselves within a
// moment.

import { say } from '../text/say.js';
import { listed } from '../ui/phrases.js';
import { linesOf } from './hunk_context.js';
import { whoOf } from './wording.js';

/** @typedef {import('../replica/protocol.js').Conflict} Conflict */
/**
 * @typedef {{review: () => void, text: () => string,
 *   announce: (sentence: string) => void}} ConflictNoticeListener text: the user's current text
 */

const SHOWN_AFTER_MS = 1000;
const LINES_MAX = 4;

export class ConflictNotice {
  #notices;
  #listener;
  #isShown = false;
  /** @type {Conflict | null} */
  #conflict = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('../ui/notice_bar.js').NoticeBar} notices @param {ConflictNoticeListener} listener */
  constructor(notices, listener) {
    this.#notices = notices;
    this.#listener = listener;
  }

  get isShown() {
    return this.#isShown;
  }

  /** @param {Conflict} conflict */
  show(conflict) {
    const isNew = this.#conflict === null;
    this.#conflict = conflict;
    if (this.#isShown) this.#write(conflict);
    else if (isNew) this.#timer = setTimeout(() => this.#appear(), SHOWN_AFTER_MS);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#conflict = null;
    this.#isShown = false;
    this.#notices.show('conflict', null);
  }

  #appear() {
    if (!this.#conflict) return;
    const [line = 1] = this.#write(this.#conflict);
    this.#isShown = true;
    this.#listener.announce(say('conflictAnnounced', { who: whoOf(this.#conflict), line }));
  }

  /** @param {Conflict} conflict @returns the lines of its hunks */
  #write(conflict) {
    const lines = linesOf(conflict, this.#listener.text());
    const count = conflict.hunks.length;
    const where = whereOf([...new Set(lines)]);
    this.#notices.show('conflict', {
      icon: 'warning',
      what: say('changedTheSame', { who: whoOf(conflict) }),
      short: say('conflictWith', { who: whoOf(conflict) }),
      more: `${where} ${say('bothSafe')}`,
      action: {
        label: count > 1 ? say('reviewCount', { count }) : say('review'),
        run: () => this.#listener.review(),
      },
    });
    return lines;
  }
}

/** @param {readonly number[]} lines */
function whereOf(lines) {
  if (lines.length === 1) return say('changedOnLine', { line: lines[0] ?? 1 });
  const named = lines.slice(0, LINES_MAX).map(String);
  const more = lines.length - named.length;
  const all = more > 0 ? [...named, say('others', { count: more })] : named;
  return say('changedOnLines', { lines: listed(all) });
}
