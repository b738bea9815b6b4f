// Versions grouped by the day on which they ended: Today, Yesterday, "Friday, 27 November". Pure: the
// time comes from the caller.

import { say } from '../text/say.js';

/** @typedef {import('./versions.js').Version} Version */
/** @typedef {{label: string, versions: Version[]}} Day */

// Made once: making one takes as long as using it fifty times.
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** "10:42". @param {number} thenMs */
export function timeOf(thenMs) {
  return clock.format(thenMs);
}

/** "Sunday 29 November 2026 at 12:34". @param {number} thenMs */
export function dateOf(thenMs) {
  return calendar.format(thenMs);
}

/**
 * @param {readonly Version[]} versions the newest first
 * @param {number} nowMs
 * @param {string} [language] by default the browser's
 * @returns {Day[]}
 */
export function byDay(versions, nowMs, language) {
  /** @type {Day[]} */
  const days = [];
  let date = '';
  for (const version of versions) {
    const thenMs = version.time * 1000;
    const before = date;
    date = new Date(thenMs).toDateString();
    if (date === before) days.at(-1)?.versions.push(version);
    else days.push({ label: dayOf(thenMs, nowMs, language), versions: [version] });
  }
  return days;
}

/** @param {number} thenMs @param {number} nowMs @param {string} [language] */
function dayOf(thenMs, nowMs, language) {
  const [then, now] = [new Date(thenMs), new Date(nowMs)];
  const yesterday = new Date(nowMs);
  yesterday.setDate(now.getDate() - 1);
  if (then.toDateString() === now.toDateString()) return say('today');
  if (then.toDateString() === yesterday.toDateString()) return say('yesterday');
  const isThisYear = then.getFullYear() === now.getFullYear();
  /** @type {Intl.DateTimeFormatOptions} */
  const parts = { weekday: 'long', day: 'numeric', month: 'long' };
  return then.toLocaleDateString(language, isThisYear ? parts : { ...parts, year: 'numeric' });
}
