// The positions of the others in the text that this page and the server have in common. They are
// reported for a revision: possibly an older one, or one that this page has not received yet. Pure;
// positions are code points.

import { diffSplices } from '../text/diff_splices.js';
import { mapPosition } from '../text/splices.js';

/** @typedef {import('../text/splices.js').Splice} Splice */
/** @typedef {{anchor: number, head: number}} Place */
/** @typedef {Place & {base: string}} Report */

// A client further behind than this will soon report a new position.
const STEPS_MAX = 50;

export class Places {
  #commit = '';
  #text = '';
  /** @type {{from: string, splices: readonly Splice[]}[]} the last steps of the known text */
  #steps = [];
  /** @type {Map<string, Place>} */
  #places = new Map();
  /** @type {Map<string, Report>} for revisions that are not known yet */
  #pending = new Map();

  /** @param {string} client @param {Report} report */
  moved(client, report) {
    this.#pending.delete(client);
    const first = this.#steps.findLastIndex(({ from }) => from === report.base);
    if (report.base === this.#commit) {
      this.#set(client, report);
    } else if (first >= 0) {
      let /** @type {Place} */ place = report;
      for (const { splices } of this.#steps.slice(first)) place = mapped(place, splices);
      this.#set(client, place);
    } else {
      this.#pending.set(client, report);
      if (!this.#places.has(client)) this.#set(client, report); // approximately
    }
  }

  /** @param {string} client */
  left(client) {
    this.#places.delete(client);
    this.#pending.delete(client);
  }

  /** Set the known text. @param {string} commit @param {string} text */
  known(commit, text) {
    if (commit === this.#commit && text === this.#text) return;
    const splices = diffSplices(this.#text, text);
    this.#steps.push({ from: this.#commit, splices });
    if (this.#steps.length > STEPS_MAX) this.#steps.shift();
    [this.#commit, this.#text] = [commit, text];
    for (const [client, place] of this.#places) this.#set(client, mapped(place, splices));
    for (const [client, report] of this.#pending) {
      if (report.base === commit) this.moved(client, report);
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
