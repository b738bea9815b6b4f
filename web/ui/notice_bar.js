// The one notice below the header: the most urgent of the connection, the text, a conflict, unsent
// text and held changes. It never takes the focus, and the text does not move for it.

import { byId, setIcon, setText } from './dom.js';

/**
 * @typedef {{label: string, run: () => void}} NoticeAction
 * @typedef {{icon: string, what: string, more?: string, short?: string, action?: NoticeAction,
 *   second?: NoticeAction}} Notice short: all that there is room for on a phone; second: another
 *   action, which a phone has in its menu
 * @typedef {'connection' | 'text' | 'conflict' | 'unsent' | 'hold'} NoticeKind the most urgent first
 */

/** @type {readonly NoticeKind[]} */
const KINDS = ['connection', 'text', 'conflict', 'unsent', 'hold'];

export class NoticeBar {
  /** @type {Map<NoticeKind, Notice>} */
  #notices = new Map();
  #focusEditor;
  /** @type {NoticeKind | undefined} */
  #kind;
  /** @type {Notice | undefined} */
  #shown;
  #bar = byId('notice', HTMLElement);
  #button = byId('notice-action', HTMLButtonElement);
  #second = byId('notice-second', HTMLButtonElement);

  /** @param {() => void} focusEditor called when the focus was in a notice that goes */
  constructor(focusEditor) {
    this.#focusEditor = focusEditor;
    this.#button.onclick = () => this.#shown?.action?.run();
    this.#second.onclick = () => this.#shown?.second?.run();
  }

  /** Show a notice, or none of this kind. @param {NoticeKind} kind @param {Notice | null} notice */
  show(kind, notice) {
    if (notice) this.#notices.set(kind, notice);
    else if (!this.#notices.delete(kind)) return;
    const [first] = KINDS.filter((it) => this.#notices.has(it));
    this.#write(first, first && this.#notices.get(first));
  }

  /** @param {NoticeKind | undefined} kind @param {Notice | undefined} notice */
  #write(kind, notice) {
    const hadFocus = [this.#button, this.#second].includes(
      /** @type {any} */ (document.activeElement),
    );
    const isOther = kind !== this.#kind || !notice?.action;
    this.#kind = kind;
    this.#shown = notice;
    this.#bar.hidden = !notice;
    this.#button.hidden = !notice?.action;
    this.#second.hidden = !notice?.second;
    if (notice) {
      setIcon('notice-icon', notice.icon);
      setText('notice-what', notice.what);
      setText('notice-more', notice.more ?? '');
      setText('notice-action', notice.action?.label ?? '');
      setText('notice-second', notice.second?.label ?? '');
      setText('notice-short', notice.short ?? '');
      this.#bar.classList.toggle('has-short', notice.short !== undefined);
    }
    if (hadFocus && isOther) this.#focusEditor();
  }
}
