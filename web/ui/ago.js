// How long ago something was, in words. Pure: it is told the time.

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
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @param {number} thenMs @param {number} nowMs */
export function ago(thenMs, nowMs) {
  const passedMs = Math.max(0, nowMs - thenMs);
  const unit = UNITS.find(([, ms]) => passedMs >= ms);
  return unit ? words.format(-Math.floor(passedMs / unit[1]), unit[0]) : 'just now';
}
