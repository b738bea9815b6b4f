// What versions are called in sentences. Pure: the time comes from the caller.

import { say } from '../text/say.js';
import { dayAndTime, listed } from '../ui/phrases.js';
import { OPEN } from './versions.js';

/** @typedef {import('./versions.js').Version} Version */

const NAMED_MAX = 4;

/** "Tuesday 10:42", or "now" for what is being written. @param {Version} version @param {number} nowMs @param {string} [language] */
export function whenOf({ id, time }, nowMs, language) {
  return id === OPEN ? say('historyNow') : dayAndTime(time * 1000, nowMs, language);
}

/** "Sent to the board, Tuesday 10:42". @param {Version} version @param {number} nowMs @param {string} [language] */
export function titleOfVersion(version, nowMs, language) {
  const when = whenOf(version, nowMs, language);
  return version.name ? say('historyNamed', { name: version.name, when }) : when;
}

/** "Ann, Bo and 2 others". @param {readonly {name: string}[]} authors */
export function namesOf(authors) {
  const names = [...new Set(authors.map(({ name }) => name))];
  const more = names.length - NAMED_MAX;
  const others = more > 0 ? [say('others', { count: more })] : [];
  return listed([...names.slice(0, NAMED_MAX), ...others]);
}
