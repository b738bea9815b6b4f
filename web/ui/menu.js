// The menu behind the user's face, and the keys of the whole page: Ctrl+S says whether the text is
// saved, Ctrl+E shows the preview, Ctrl+Alt+F and Ctrl+Alt+G find words and lines, "?" lists the
// shortcuts.

import { say } from '../text/say.js';
import { byId, setText } from './dom.js';
import { CONTROL, isMac, REDO, TOOL } from './key_names.js';
import { latinKey, toolKey } from './keys.js';

/**
 * @typedef {{download: () => void, save: () => void, preview: () => void, find: () => void, goToLine: () => void,
 *   copyLineLink: () => void}} MenuListener
 */

export class Menu {
  #button = byId('me', HTMLButtonElement);
  #menu = byId('menu', HTMLElement);

  /** @param {string} file the name of the document's file @param {MenuListener} listener */
  constructor(file, listener) {
    setText('download-label', say('downloadAs', { name: file }));
    for (const [name, action] of /** @type {const} */ ([
      ['preview', listener.preview],
      ['find', listener.find],
      ['line', listener.goToLine],
      ['line-link', listener.copyLineLink],
      ['download', listener.download],
    ]))
      onClick(`menu-${name}`, () => {
        this.#menu.hidePopover();
        action();
      });
    setText('find-keys', `${TOOL}F`);
    setText('line-keys', `${TOOL}G`);
    onClick('menu-settings', () => this.#openPanel('settings'));
    onClick('menu-shortcuts', () => this.#openPanel('shortcuts'));
    setText('preview-keys', `${CONTROL}E`);
    byId('undo', HTMLElement).title = `${say('undo')} (${CONTROL}Z)`;
    byId('redo', HTMLElement).title = `${say('redo')} (${REDO})`;
    byId('shortcuts', HTMLElement).addEventListener('beforetoggle', listShortcuts);
    addEventListener('keydown', (event) => this.#onKey(event, listener));
  }

  /** Open a panel, which gives the focus back: to the menu's button if it was opened from there. @param {string} id */
  #openPanel(id) {
    const panel = byId(id, HTMLElement);
    if (panel.matches(':popover-open')) return;
    const wasInMenu = this.#menu.matches(':popover-open');
    this.#menu.hidePopover();
    if (wasInMenu) this.#button.focus();
    panel.showPopover();
  }

  /** @param {KeyboardEvent} event @param {MenuListener} listener */
  #onKey(event, listener) {
    const isControl = event.ctrlKey || event.metaKey;
    const isTyping = /** @type {Element} */ (event.target).matches?.('input, textarea, select');
    if (event.isComposing || event.defaultPrevented) return;
    const tool = { f: listener.find, g: listener.goToLine }[toolKey(event, isMac)];
    if (isControl && !event.shiftKey && !event.altKey && latinKey(event) === 's') {
      event.preventDefault(); // or the browser would save the page
      if (!event.repeat) listener.save();
    } else if (isMac === event.metaKey && isMac !== event.ctrlKey && latinKey(event) === 'e') {
      if (event.shiftKey || event.altKey || document.querySelector('dialog:modal, main[inert]'))
        return;
      event.preventDefault();
      listener.preview();
    } else if ((isControl && event.key === '/') || (event.key === '?' && !isTyping)) {
      if (document.querySelector('dialog:modal')) return;
      event.preventDefault();
      this.#openPanel('shortcuts');
    } else if (tool && !document.querySelector('dialog:modal, main[inert]')) {
      event.preventDefault();
      /** @type {HTMLElement | null} */ (document.querySelector(':popover-open'))?.hidePopover();
      tool();
    }
  }
}

/** @param {string} id @param {() => void} action */
function onClick(id, action) {
  byId(id, HTMLButtonElement).onclick = action;
}

async function listShortcuts() {
  try {
    const { shortcutRows } = await import('../ui/shortcuts.js');
    byId('shortcut-list', HTMLElement).replaceChildren(...shortcutRows());
  } catch {
    setText('shortcut-list', say('loadFailed'));
  }
}
