// The choice of what a version is compared with: the version before it, now, what this browser showed
// last, or any other version.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { titleOfVersion } from './titles.js';
import { NOW, OPEN } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */

const BEFORE = '';

export class OtherChoice {
  #select = byId('past-other', HTMLSelectElement);
  /** @type {WeakMap<Version, string>} they take time, and the slider goes fast */
  #titles = new WeakMap();

  /** @param {(reference: string | null) => void} chosen null: the version before */
  constructor(chosen) {
    this.#select.onchange = () => chosen(this.#select.value || null);
  }

  /**
   * @param {readonly Version[]} versions
   * @param {Version} version the one to be compared
   * @param {string | null} other what it is compared with
   * @param {string | undefined} looked the revision that was shown last
   */
  show(versions, version, other, looked) {
    const nowMs = Date.now();
    const at = versions.indexOf(version);
    const known = [
      option(BEFORE, say('sinceBefore')),
      ...(at === 0 ? [] : [option(NOW, say('untilNow'))]),
      ...(looked ? [option(looked, say('sinceLooked'))] : []),
    ];
    const others = versions.flatMap((it, index) => {
      const title = this.#titles.get(it) ?? titleOfVersion(it, nowMs);
      this.#titles.set(it, title);
      const label = say(index < at ? 'untilVersion' : 'sinceVersion', { version: title });
      return index === at || it.id === OPEN ? [] : [option(it.id, label)];
    });
    const all = [...known, ...others];
    if (other !== null && !all.some(({ value }) => value === other))
      all.push(option(other, say('sinceRevision', { revision: other.slice(0, 8) })));
    this.#select.replaceChildren(...all);
    this.#select.value = other ?? BEFORE;
  }
}

/** @param {string} value @param {string} label */
function option(value, label) {
  const element = document.createElement('option');
  element.value = value;
  element.textContent = label;
  return element;
}
