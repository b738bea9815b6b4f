// The slider below the text, with one stop for each version that is loaded, and marks at those that
// have a name.

import { byId } from '../ui/dom.js';
import { indexAt, namedAt, stopOf } from './stops.js';
import { namesOf, titleOfVersion } from './titles.js';

/** @typedef {import('./versions.js').Version} Version */

export class Slider {
  /** @type {readonly Version[]} */
  #versions = [];
  #stops = byId('past-stops', HTMLInputElement);

  /** @param {(version: Version) => void} moved */
  constructor(moved) {
    this.#stops.oninput = () => {
      const version = this.#versions[indexAt(Number(this.#stops.value), this.#versions.length)];
      if (version) moved(version);
    };
  }

  /** @param {readonly Version[]} versions the newest first @param {Version} version the one that is shown */
  show(versions, version) {
    this.#versions = versions;
    this.#stops.max = String(versions.length - 1);
    this.#stops.value = String(stopOf(versions.indexOf(version), versions.length));
    this.#stops.disabled = versions.length < 2;
    const title = titleOfVersion(version, Date.now());
    this.#stops.ariaValueText = `${title}, ${namesOf(version.authors)}`;
    const marks = namedAt(versions).map(({ name, at }) => {
      const mark = document.createElement('i');
      mark.title = name;
      mark.style.setProperty('--at', String(at));
      return mark;
    });
    byId('past-named', HTMLElement).replaceChildren(...marks);
  }
}
