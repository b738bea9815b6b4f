// Names, times and dates as phrases of a sentence. Pure: the time comes from the caller.

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
  return unit ? relative.format(-Math.floor(passedMs / unit[1]), unit[0]) : 'just now';
}

/** "Sunday 12:34", or with the date if it is not of this week. @param {number} thenMs @param {number} nowMs */
export function dayAndTime(thenMs, nowMs) {
  const isRecent = nowMs - thenMs < 6 * DAY_MS;
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isRecent ? { weekday: 'long' } : { day: 'numeric', month: 'short', year: 'numeric' };
  const date = new Date(thenMs);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return `${date.toLocaleDateString('en-GB', day)} ${time}`;
}

/** "Sunday 29 November 2026 at 12:34". @param {number} thenMs */
export function fullDate(thenMs) {
  return new Date(thenMs).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'short' });
}
