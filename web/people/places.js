// Where the others are: what they said, in the text that this page and the server have in common.
// They say it of a revision: one that this page has left behind, or one that it has not seen yet.
// Pure; positions are code points.

import { diffSplices } from '../text/diff_splices.js';
import { mapPosition } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {{anchor: number, head: number}} Place */
/** @typedef {{base: string, anchor: number, head: number}} Said */

// Who is further behind will soon say something new.
const STEPS_MOST = 50;

export class Places {
  #commit = '';
  #text = '';
  /** @type {{from: string, splices: readonly Splice[]}[]} the last steps of the known text */
  #steps = [];
  /** @type {Map<string, Place>} */
  #places = new Map();
  /** @type {Map<string, Said>} of texts that are not known yet */
  #ahead = new Map();

  /** Somebody is here, or has moved. @param {string} client @param {Said} said */
  moved(client, said) {
    this.#ahead.delete(client);
    const first = this.#steps.findLastIndex(({ from }) => from === said.base);
    if (said.base === this.#commit) {
      this.#set(client, said);
    } else if (first >= 0) {
      let /** @type {Place} */ place = said;
      for (const { splices } of this.#steps.slice(first)) place = mapped(place, splices);
      this.#set(client, place);
    } else {
      this.#ahead.set(client, said);
      if (!this.#places.has(client)) this.#set(client, said); // about there
    }
  }

  /** @param {string} client */
  left(client) {
    this.#places.delete(client);
    this.#ahead.delete(client);
  }

  /** The text that is known became this. @param {string} commit @param {string} text */
  known(commit, text) {
    if (commit === this.#commit && text === this.#text) return;
    const splices = diffSplices(this.#text, text);
    this.#steps.push({ from: this.#commit, splices });
    if (this.#steps.length > STEPS_MOST) this.#steps.shift();
    [this.#commit, this.#text] = [commit, text];
    for (const [client, place] of this.#places) this.#set(client, mapped(place, splices));
    for (const [client, said] of this.#ahead) {
      if (said.base === commit) this.moved(client, said);
    }
  }

  /** @param {string} client @returns {Place | undefined} */
  of(client) {
    return this.#places.get(client);
  }

  /** @param {string} client @param {Place} place */
  #set(client, { anchor, head }) {
    this.#places.set(client, { anchor, head });
  }
}

/** @param {Place} place @param {readonly Splice[]} splices @returns {Place} */
function mapped({ anchor, head }, splices) {
  return { anchor: mapPosition(splices, anchor), head: mapPosition(splices, head) };
}
