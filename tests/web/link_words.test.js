import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutLink, rightOf } from '../../web/people/link_words.js';

const DAY_S = 24 * 3600;
const NOW_S = 1_800_000_000;

/** @param {object} fields */
function link(fields) {
  const usual = { id: 'x', right: 'view', made_by: 'ann', created: NOW_S - 3 * DAY_S };
  return /** @type {any} */ ({ ...usual, expires: null, used: null, ...fields });
}

test('a link says who made it, whether it is used, and when it ends', () => {
  /** @type {[object, RegExp][]} */
  const cases = [
    [{}, /^by ann, 3 days ago · not used yet$/],
    [{ made_by: '' }, /^by Someone, /],
    [{ used: NOW_S - 7200 }, / · last used 2 hours ago$/],
    [{ expires: NOW_S + DAY_S }, / · expires [A-Z][a-z]+day,? \d/],
    [{ expires: NOW_S + 30 * DAY_S }, / · expires \d+ [A-Z][a-z]+ 2027/],
    [{ expires: NOW_S }, / · expired$/],
  ];
  for (const [fields, words] of cases)
    assert.match(aboutLink(link(fields), NOW_S * 1000, 'en-GB'), words);
});

test('rights have the words of the panel', () => {
  assert.deepEqual([rightOf(link({})), rightOf(link({ right: 'edit' }))], ['Can view', 'Can edit']);
});
