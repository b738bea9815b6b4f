// The preview: the text as a page beside the editor, or in its place on a phone.

import { diffSplicesInUnits } from '../text/diff_splices.js';
import { offsetInText, shown } from '../text/endings.js';
import { say } from '../text/say.js';
import { inPoints, mapPosition } from '../text/splices.js';
import { byId } from '../ui/dom.js';
import { styleSheet, textAt } from '../ui/loading.js';
import { leavePreview } from '../ui/storage.js';
import { dividerIn } from './divider.js';
import { ScrollSync } from './scroll_sync.js';
import { Sheet } from './sheet.js';
import { tick } from './tasks.js';

/** @typedef {import('./preview_link.js').PreviewHost} PreviewHost */

const inUnits = (/** @type {string} */ inserted) => inserted.length;

export class Preview {
  #host;
  /** @type {Sheet} */
  #sheet;
  #sync;
  #main = /** @type {HTMLElement} */ (document.querySelector('main'));
  #section = byId('preview', HTMLElement);
  #divider = dividerIn(this.#main, this.#section);
  #close = byId('close-preview', HTMLButtonElement);

  /** Load what the preview looks like. @param {PreviewHost} host */
  static async load(host) {
    const at = (/** @type {string} */ path) => new URL(path, import.meta.url).href;
    if (!document.getElementById('preview')) {
      const [html] = await Promise.all([
        textAt(at('../preview/preview.html')),
        styleSheet('preview/preview.css'),
      ]);
      document.querySelector('main')?.insertAdjacentHTML('beforeend', html);
    }
    const addressOf = (/** @type {string} */ name) => at(`../../d/${name}`);
    byId('read-view', HTMLAnchorElement).href = `${addressOf(host.document)}/view`;
    /** @type {Preview | null} */
    let preview = null;
    const sheet = await Sheet.load({
      document: host.document,
      addressOf,
      canTick: () => !host.isViewOnly(),
      tick: (text, offset, isDone) => preview?.tick(text, offset, isDone) ?? false,
      key: (event) => preview?.key(event),
      shown: () => preview?.follow(),
      scrolled: () => preview?.scrolled(),
      linked: (id) => sheet.frame.goTo(id),
      announce: host.announce,
    });
    preview = new Preview(host, sheet);
    return preview;
  }

  /** @param {PreviewHost} host @param {Sheet} sheet */
  constructor(host, sheet) {
    this.#host = host;
    this.#sheet = sheet;
    const layer = byId('overlay', HTMLElement);
    this.#sync = new ScrollSync(host.area, layer, () => sheet.frame);
    host.area.addEventListener('scroll', () => this.isOpen && this.#sync.textScrolled());
    this.#close.onclick = () => this.toggle();
  }

  get isOpen() {
    return !this.#section.hidden;
  }

  /** Show or hide the preview. */
  toggle() {
    const isOpen = !this.isOpen;
    leavePreview({ isOpen });
    this.#host.announce(say(isOpen ? 'previewShown' : 'previewHidden'));
    if (isOpen) {
      this.show();
      if (getComputedStyle(this.#host.area).visibility === 'hidden') this.#close.focus();
    } else {
      this.#reveal(false);
      this.#sheet.stop();
      this.#host.focusEditor();
    }
  }

  /** Show the preview without an announcement. */
  show() {
    this.#reveal(true);
    this.changed();
  }

  /** @param {boolean} isOpen */
  #reveal(isOpen) {
    this.#section.hidden = this.#divider.hidden = !isOpen;
    this.#main.classList.toggle('split', isOpen);
  }

  /** The text may have changed, or what the user may do. */
  changed() {
    if (this.isOpen) this.#sheet.changed(this.#host.text());
  }

  /** The page shows a newer text: show the part that the editor does. */
  follow() {
    if (this.isOpen) this.#sync.follow();
  }

  /** The page was scrolled. */
  scrolled() {
    if (this.isOpen) this.#sync.pageScrolled();
  }

  /**
   * Tick a task as an edit of the user's.
   *
   * @param {string} before the text with that task, with LF line ends
   * @param {number} offset in it
   * @param {boolean} isDone
   */
  tick(before, offset, isDone) {
    if (this.#host.isViewOnly()) return false;
    const text = this.#host.text();
    const changes = diffSplicesInUnits(before, shown(text)); // since it was shown
    const at = offsetInText(text, mapPosition(changes, offset, false, inUnits));
    const splice = tick(text, at, isDone);
    if (splice) this.#host.change(inPoints(text, [splice]));
    return splice !== null;
  }

  /** Handle a key pressed in the page as if it was pressed elsewhere. @param {KeyboardEvent} event */
  key(event) {
    const copy = new KeyboardEvent('keydown', event);
    dispatchEvent(copy);
    if (copy.defaultPrevented) event.preventDefault();
    else if (event.key === 'Escape') this.#host.focusEditor();
  }
}
