// The choice of what a version is compared with: the version before it, now, what this browser showed
// last, or any other version.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { fullDate } from '../ui/phrases.js';
import { titleOfVersion } from './titles.js';
import { NOW, OPEN } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */

const BEFORE = '';

export class OtherChoice {
  #select = byId('past-other', HTMLSelectElement);

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
      const title = titleOfVersion(it, nowMs);
      const label = say(index < at ? 'untilVersion' : 'sinceVersion', { version: title });
      return index === at || it.id === OPEN ? [] : [option(it.id, label, fullDate(it.time * 1000))];
    });
    const all = [...known, ...others];
    if (other !== null && !all.some(({ value }) => value === other))
      all.push(option(other, say('sinceRevision', { revision: other.slice(0, 8) })));
    this.#select.replaceChildren(...all);
    this.#select.value = other ?? BEFORE;
  }
}

/** @param {string} value @param {string} label @param {string} [title] */
function option(value, label, title = '') {
  const element = document.createElement('option');
  element.value = value;
  element.textContent = label;
  element.title = title;
  return element;
}
