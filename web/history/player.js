// Plays what happened within a version, with a slider for the moment and a choice of the speed.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { timeOf } from './days.js';
import { Playback } from './playback.js';

/** @typedef {import('./history_api.js').Steps} Steps */
/**
 * @typedef {{load: () => Promise<Steps>,
 *   moved: (playback: Playback, authors: readonly {name: string}[]) => void, stopped: () => void,
 *   failed: (problem: unknown) => void}} PlayerListener load: what is to be played; stopped: by the user
 */

const TICK_MS = 50;
// With reduced motion the text changes once a second.
const CALM_TICK_MS = 1000;
const PLAY = 'M8 5v14l11-7z';
const PAUSE = 'M8.5 5v14m7-14v14';

export class Player {
  #listener;
  /** @type {Playback | null} */
  #playback = null;
  #authors = /** @type {readonly {name: string}[]} */ ([]);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {object | null} the request that is under way */
  #loading = null;
  #play = byId('past-play', HTMLButtonElement);
  #stop = byId('past-stop', HTMLButtonElement);
  #moment = byId('past-moment', HTMLInputElement);
  #speed = byId('past-speed', HTMLSelectElement);

  /** @param {PlayerListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#play.onclick = () => this.#toggle();
    this.#stop.onclick = () => {
      this.stop();
      this.#play.focus();
      listener.stopped();
    };
    this.#moment.oninput = () => this.#seek(Number(this.#moment.value));
  }

  /** Whether there is anything to play. @param {boolean} isPossible */
  set isPossible(isPossible) {
    this.#play.disabled = !isPossible;
  }

  get isOpen() {
    return this.#playback !== null;
  }

  /** End the playback. */
  stop() {
    this.#loading = null;
    this.#playback = null;
    this.#pause();
  }

  async #toggle() {
    if (this.#timer !== undefined) {
      this.#pause();
    } else if (this.#playback) {
      if (this.#playback.isAtEnd) this.#playback.seek(0);
      this.#run();
    } else if (!this.#loading) await this.#start();
  }

  async #start() {
    const loading = {};
    this.#loading = loading;
    try {
      const { text, steps, authors } = await this.#listener.load();
      if (loading !== this.#loading) return; // another version is shown by now
      this.#playback = new Playback(text, steps);
      this.#authors = authors;
      this.#run();
    } catch (problem) {
      this.#listener.failed(problem);
    }
    this.#loading = null;
  }

  #run() {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const tickMs = isCalm ? CALM_TICK_MS : TICK_MS;
    this.#timer = setInterval(() => this.#tick(tickMs), tickMs);
    this.#showControls();
    this.#show();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#showControls();
  }

  /** @param {number} ms since the last tick */
  #tick(ms) {
    const playback = /** @type {Playback} */ (this.#playback);
    if (playback.advance(ms * Number(this.#speed.value))) this.#show();
    if (playback.isAtEnd) this.#pause();
  }

  /** @param {number} count */
  #seek(count) {
    this.#pause();
    this.#playback?.seek(count);
    this.#show();
  }

  #show() {
    if (!this.#playback) return;
    const { at, count, step } = this.#playback;
    this.#moment.max = String(count);
    this.#moment.value = String(at);
    this.#moment.ariaValueText = step
      ? say('moment', {
          time: timeOf(step.time * 1000),
          name: this.#authors[step.author]?.name ?? '',
        })
      : say('momentZero');
    this.#listener.moved(this.#playback, this.#authors);
  }

  #showControls() {
    const isRunning = this.#timer !== undefined;
    byId('past-play-label', HTMLElement).textContent = say(isRunning ? 'pause' : 'play');
    byId('past-play-icon', SVGPathElement).setAttribute('d', isRunning ? PAUSE : PLAY);
    byId('past-stops', HTMLElement).parentElement?.toggleAttribute('hidden', this.isOpen);
    for (const control of [this.#stop, this.#moment, this.#speed]) control.hidden = !this.isOpen;
  }
}
