// The settings popover: settings hold for this browser, and apply at once in all its tabs.
// `scheme.js` applies the theme to the other pages, and to this one before its first paint.

import { say } from '../text/say.js';
import { byId } from './dom.js';
import { readValues, withValue, writeValues } from './settings_store.js';

/** @typedef {import('./settings_store.js').Values} Values */
/**
 * @typedef {{changed: (values: Values) => void, announce: (sentence: string) => void}} SettingsListener
 */

const KEY = 'gollabedit.settings';

export class Settings {
  #values = readValues(stored());
  #area;
  #listener;
  #form = byId('settings-form', HTMLFormElement);
  #isLeaving = false; // Escape was pressed: the next Tab moves the focus

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
      if (key === KEY || key === null) this.#adopt(readValues(stored()));
    });
    this.#apply();
  }

  get announcements() {
    return this.#values.announcements;
  }

  get areLinesNumbered() {
    return this.#values.lines;
  }

  get areAuthorsShown() {
    return this.#values.authors;
  }

  /** @param {EventTarget | null} control */
  #choose(control) {
    if (control instanceof HTMLInputElement)
      this.#store(withValue(this.#values, control.name, control.checked));
    else if (control instanceof HTMLSelectElement)
      this.#store(withValue(this.#values, control.name, control.value));
  }

  #restoreDefaults() {
    this.#store(readValues(null));
    this.#listener.announce(say('settingsReset'));
  }

  /** @param {Values} values */
  #store(values) {
    try {
      localStorage.setItem(KEY, writeValues(values));
    } catch {
      this.#listener.announce(say('settingsNotSaved'));
    }
    this.#adopt(values);
  }

  /** @param {Values} values */
  #adopt(values) {
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
    byId('tab-hint', HTMLElement).textContent = tab === 'inserts' ? say('tabHint') : '';
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
