// A link to a document in words. Pure: the time comes from the caller.

import { say } from '../text/say.js';
import { ago, dayAndTime } from '../ui/phrases.js';

/** @typedef {import('./links_api.js').Link} Link */

/** @type {Record<Link['right'], import('../text/say.js').SentenceName>} */
const RIGHTS = { view: 'canView', edit: 'canEdit' };

/** @param {Link} link */
export function rightOf({ right }) {
  return say(RIGHTS[right]);
}

/**
 * Who made it, and its use and end: "by ann, 3 days ago · not used yet · expires Sunday 12:34".
 *
 * @param {Link} link
 * @param {number} nowMs
 * @param {string} [language] of dates; by default the browser's
 */
export function aboutLink({ made_by: maker, created, used, expires }, nowMs, language) {
  const made = say('linkBy', { name: maker || say('someone'), when: ago(created * 1000, nowMs) });
  const use =
    used === null ? say('linkUnused') : say('linkUsed', { when: ago(used * 1000, nowMs) });
  return [made, use, ...endOf(expires, nowMs, language)].join(' · ');
}

/** @param {number | null} expires @param {number} nowMs @param {string} [language] */
function endOf(expires, nowMs, language) {
  if (expires === null) return [];
  const thenMs = expires * 1000;
  if (thenMs <= nowMs) return [say('linkExpired')];
  return [say('linkExpires', { when: dayAndTime(thenMs, nowMs, language) })];
}
