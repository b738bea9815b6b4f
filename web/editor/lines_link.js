// Loads line numbers, the dialog *Go to line* and the place in the address when they are first needed.

import { OnDemand } from '../ui/on_demand.js';

export class LinesLink {
  /** @type {OnDemand<import('./lines.js').Lines>} */
  #lines;
  #isOpened = false;

  /** @param {import('./lines.js').LinesHost} host @param {(problem: unknown) => void} failed called when they cannot be loaded */
  constructor(host, failed) {
    this.#lines = new OnDemand(
      () => import('../editor/lines.js').then((it) => it.Lines.load(host)),
      failed,
    );
    addEventListener('hashchange', () => this.#followAddress());
  }

  /** @param {boolean} areShown */
  showNumbers(areShown) {
    if (areShown || this.#lines.isUsed) this.#lines.use((it) => it.showNumbers(areShown));
  }

  /** The text is shown: go to the place that the address names, once. */
  opened() {
    if (this.#isOpened) return;
    this.#isOpened = true;
    this.#followAddress();
  }

  /** The history has addresses of its own. */
  #followAddress() {
    if (this.#isOpened && /^#(?!history)./.test(location.hash))
      this.#lines.use((it) => it.followAddress());
  }

  ask() {
    this.#lines.use((it) => it.ask());
  }

  copyLink() {
    this.#lines.use((it) => it.copyLink());
  }
}
