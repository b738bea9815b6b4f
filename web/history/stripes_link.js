// Loads the coloured stripes of the authors when a user wants them.

import { OnDemand } from '../ui/on_demand.js';

export class StripesLink {
  /** @type {OnDemand<import('./stripes.js').AuthorStripes>} */
  #stripes;

  /** @param {import('./stripes.js').StripesHost} host what they need of the page */
  constructor(host) {
    this.#stripes = new OnDemand(() =>
      import('../history/stripes.js').then((it) => it.AuthorStripes.load(host)),
    );
  }

  /** Show or hide the authors of the current text. @param {boolean} areShown */
  show(areShown) {
    if (areShown || this.#stripes.isUsed) this.#stripes.use((it) => it.show(areShown));
  }
}
