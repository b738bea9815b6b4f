// Names, times and dates as phrases of a sentence; dates are in the browser's language. Pure: the
// time comes from the caller.

import { say } from '../text/say.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @type {readonly [unit: Intl.RelativeTimeFormatUnit, ms: number][]} */
const UNITS = [
  ['year', 365 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['week', 7 * DAY_MS],
  ['day', DAY_MS],
  ['hour', 60 * MINUTE_MS],
  ['minute', MINUTE_MS],
];
const list = new Intl.ListFormat('en-GB'); // without a comma before the "and"
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** "Ann, Bo and Cy". @param {readonly string[]} names */
export function listed(names) {
  return list.format(names);
}

/** "3 days ago". @param {number} thenMs @param {number} nowMs */
export function ago(thenMs, nowMs) {
  const passedMs = Math.max(0, nowMs - thenMs);
  const unit = UNITS.find(([, ms]) => passedMs >= ms);
  return unit ? relative.format(-Math.floor(passedMs / unit[1]), unit[0]) : say('justNow');
}

/**
 * "Sunday 12:34", or with the date if it is not within a week.
 *
 * @param {number} thenMs
 * @param {number} nowMs
 * @param {string} [language] by default the browser's
 */
export function dayAndTime(thenMs, nowMs, language) {
  const isRecent = Math.abs(nowMs - thenMs) < 6 * DAY_MS;
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isRecent ? { weekday: 'long' } : { day: 'numeric', month: 'short', year: 'numeric' };
  const time = { hour: 'numeric', minute: '2-digit' };
  return new Intl.DateTimeFormat(language, { ...day, .../** @type {{}} */ (time) }).format(thenMs);
}

/** "Sunday 29 November 2026 at 12:34". @param {number} thenMs */
export function fullDate(thenMs) {
  return new Date(thenMs).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' });
}
