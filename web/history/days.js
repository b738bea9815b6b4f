// Versions grouped by the day on which they ended: Today, Yesterday, "Friday, 27 November". Pure: the
// time comes from the caller.

import { say } from '../text/say.js';

/** @typedef {import('./versions.js').Version} Version */
/** @typedef {{label: string, versions: Version[]}} Day */

/**
 * @param {readonly Version[]} versions the newest first
 * @param {number} nowMs
 * @param {string} [language] by default the browser's
 * @returns {Day[]}
 */
export function byDay(versions, nowMs, language) {
  /** @type {Day[]} */
  const days = [];
  for (const version of versions) {
    const label = dayOf(version.time * 1000, nowMs, language);
    const last = days.at(-1);
    if (last?.label === label) last.versions.push(version);
    else days.push({ label, versions: [version] });
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

/** "10:42". @param {number} thenMs @param {string} [language] by default the browser's */
export function timeOf(thenMs, language) {
  return new Date(thenMs).toLocaleTimeString(language, { timeStyle: 'short' });
}
