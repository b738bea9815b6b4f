// The settings popover: chosen once for this browser, applied at once, in all its tabs.
// `scheme.js` brings light and dark to the other pages, and to this one before it is painted.

import { byId } from './dom.js';
import { readValues, withValue, writeValues } from './settings_store.js';

/** @typedef {import('./settings_store.js').Values} Values */
/**
 * @typedef {{changed: (values: Values) => void, said: (sentence: string) => void}} SettingsListener
 *   `changed`: the text may look different now, or its user wants to hear more or less
 */

const KEY = 'gollabedit.settings';
const TAB_HINT = 'Tab inserts a tab. Press Escape, then Tab, to leave the editor.';

export class Settings {
  #values = readValues(stored());
  #area;
  #listener;
  #form = byId('settings-form', HTMLFormElement);
  #isLeaving = false; // Escape was pressed: the next Tab moves on

  /** @param {HTMLTextAreaElement} area @param {SettingsListener} listener */
  constructor(area, listener) {
    this.#area = area;
    this.#listener = listener;
    this.#form.onchange = (event) => this.#choose(event.target);
    this.#form.onsubmit = (event) => event.preventDefault();
    byId('default-settings', HTMLButtonElement).onclick = () => this.#restoreDefaults();
    area.addEventListener('keydown', (event) => this.#onKey(event));
    area.addEventListener('blur', () => {
      this.#isLeaving = false;
    });
    addEventListener('storage', ({ key }) => {
      if (key === KEY || key === null) this.#take(readValues(stored()));
    });
    this.#apply();
  }

  /** As they are now. */
  get values() {
    return this.#values;
  }

  /** What is to be announced: nothing, what is important, or all that others do. */
  get announcements() {
    return this.#values.announcements;
  }

  /** @param {EventTarget | null} control */
  #choose(control) {
    if (control instanceof HTMLInputElement)
      this.#keep(withValue(this.#values, control.name, control.checked));
    else if (control instanceof HTMLSelectElement)
      this.#keep(withValue(this.#values, control.name, control.value));
  }

  #restoreDefaults() {
    this.#keep(readValues(null));
    this.#listener.said('Settings reset to defaults.');
  }

  /** @param {Values} values */
  #keep(values) {
    try {
      localStorage.setItem(KEY, writeValues(values));
    } catch {
      this.#listener.said('This browser can’t save settings. They last until you close the page.');
    }
    this.#take(values);
  }

  /** @param {Values} values */
  #take(values) {
    if (writeValues(values) === writeValues(this.#values)) return;
    this.#values = values;
    this.#apply();
    this.#listener.changed(values);
  }

  #apply() {
    const { font, size, scheme, spelling, wrap, tab } = this.#values;
    for (const control of this.#form.elements) this.#show(control);
    Object.assign(document.documentElement.dataset, { font, size, scheme });
    this.#area.spellcheck = spelling;
    this.#area.wrap = wrap ? 'soft' : 'off';
    byId('tab-hint', HTMLElement).textContent = tab === 'inserts' ? TAB_HINT : '';
  }

  /** @param {Element} control */
  #show(control) {
    if (control instanceof HTMLInputElement)
      control.checked = this.#values[/** @type {'wrap'} */ (control.name)];
    else if (control instanceof HTMLSelectElement)
      control.value = this.#values[/** @type {'size'} */ (control.name)];
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const isPlain = !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey);
    const isTab = event.key === 'Tab' && isPlain && !event.isComposing;
    if (isTab && this.#values.tab === 'inserts' && !this.#isLeaving && !this.#area.readOnly) {
      event.preventDefault();
      document.execCommand('insertText', false, '\t'); // as if typed: it can be undone
    }
    if (event.key !== 'Shift') this.#isLeaving = event.key === 'Escape' && !event.isComposing;
  }
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
