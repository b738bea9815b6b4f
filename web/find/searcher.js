// Has a worker search: the page stays responsive, and a regular expression that would take hours is
// ended. One task at a time: a new one ends the one before.

/** @typedef {import('./search.js').Answer} Answer */
/** @typedef {{kind: 'slow'} | {kind: 'failed'} | {kind: 'dropped'}} Failure dropped: for another task */
/** @typedef {{task: import('./search.js').Task, text: string, answer: (answer: Answer | Failure) => void}} Job */

const TAKES_MAX_MS = 2000;

export class Searcher {
  /** @type {Worker | null} */
  #worker = null;
  #isReady = false;
  /** @type {string | null} the text that the worker has */
  #text = null;
  /** @type {Job | null} */
  #job = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  get isBusy() {
    return this.#job !== null;
  }

  /** @param {string} text @param {import('./search.js').Task} task @returns {Promise<Answer | Failure>} */
  ask(text, task) {
    if (this.#job) this.#end({ kind: 'dropped' });
    return new Promise((answer) => {
      this.#job = { task, text, answer };
      if (this.#isReady) this.#post();
      else this.#worker ??= this.#start();
    });
  }

  /** Give the memory back. */
  stop() {
    this.#end({ kind: 'dropped' });
  }

  #start() {
    const worker = new Worker(new URL('../find/search_worker.js', import.meta.url), {
      type: 'module',
    });
    worker.onmessage = ({ data }) => {
      if (data.kind === 'ready') {
        this.#isReady = true;
        this.#post();
      } else this.#answer(data);
    };
    worker.onerror = () => this.#end({ kind: 'failed' });
    return worker;
  }

  #post() {
    if (!this.#job) return;
    const { task, text } = this.#job;
    this.#worker?.postMessage({ text: text === this.#text ? null : text, task });
    this.#text = text;
    this.#timer = setTimeout(() => this.#end({ kind: 'slow' }), TAKES_MAX_MS);
  }

  /** @param {Answer | Failure} answer */
  #answer(answer) {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = null;
    job?.answer(answer);
  }

  /** @param {Failure} why */
  #end(why) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#isReady = false;
    this.#text = null;
    this.#answer(why);
  }
}
