// The way to the coloured stripes of the authors: their script is loaded when a user wants them.

/** @typedef {import('./stripes.js').AuthorStripes} AuthorStripes */

export class StripesLink {
  #host;
  /** @type {Promise<AuthorStripes> | null} */
  #stripes = null;

  /** @param {import('./stripes.js').StripesHost} host what they need of the page */
  constructor(host) {
    this.#host = host;
  }

  /** Show the authors of the text as it is now, or nobody. @param {boolean} areShown */
  show(areShown) {
    if (!areShown && !this.#stripes) return;
    this.#stripes ??= import('../history/stripes.js').then((it) =>
      it.AuthorStripes.load(this.#host),
    );
    this.#stripes.then(
      (stripes) => stripes.show(areShown),
      () => {
        this.#stripes = null; // for the next time
      },
    );
  }
}
