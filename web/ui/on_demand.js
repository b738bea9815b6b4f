// A part of the page that few visits need: loaded when it is first used, and again if that failed.

/** @template T */
export class OnDemand {
  #load;
  #failed;
  /** @type {Promise<T> | null} */
  #part = null;

  /** @param {() => Promise<T>} load @param {(problem: unknown) => void} [failed] called when it could not be loaded */
  constructor(load, failed = () => {}) {
    this.#load = load;
    this.#failed = failed;
  }

  get isUsed() {
    return this.#part !== null;
  }

  /** @param {(part: T) => void} action */
  async use(action) {
    try {
      this.#part ??= this.#load();
      action(await this.#part);
    } catch (problem) {
      this.#part = null;
      this.#failed(problem);
    }
  }
}
