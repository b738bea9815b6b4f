import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, hashOf } from '../../web/history/address.js';
import { AuthorColors } from '../../web/history/author_colors.js';
import { byDay } from '../../web/history/days.js';
import {
  addressOfShown,
  authorsOf,
  endsOf,
  shownAt,
  titleOfShown,
} from '../../web/history/shown.js';
import { indexAt, namedAt, stopOf } from '../../web/history/stops.js';
import { namesOf } from '../../web/history/titles.js';
import { Versions } from '../../web/history/versions.js';

/** @typedef {import('../../web/history/versions.js').Version} Version */
/** @typedef {import('../../web/history/address.js').Address} Address */

const NOW_MS = new Date(2026, 10, 30, 12, 0).getTime();

/** @param {string} id @param {Date} date @param {Partial<Version>} [rest] @returns {Version} */
function version(id, date, rest = {}) {
  const time = date.getTime() / 1000;
  const authors = [{ name: 'Ann', added: 1, removed: 0 }];
  const revision = `r-${id}`;
  return {
    ...{ id, revision, began: time, time, kind: 'edits', subject: '', steps: 1, authors },
    ...{ name: '', slug: '', note: '' },
    ...rest,
  };
}

const ALL = [
  version('open', new Date(2026, 10, 30, 11, 58)),
  version('v4', new Date(2026, 10, 30, 0, 1)),
  version('v3', new Date(2026, 10, 29, 23, 59)),
  version('v2', new Date(2026, 10, 27, 10, 42), {
    ...{ name: 'Sent', slug: 'sent' },
    authors: [{ name: 'Bo', added: 1, removed: 0 }],
  }),
  version('v1', new Date(2025, 11, 31, 8, 0)),
];

/** @param {number} [size] of a page */
async function loaded(size = ALL.length) {
  const versions = new Versions(async (_limit, before) => {
    const first = ALL.findIndex(({ id }) => id === before) + 1;
    const page = ALL.slice(first, first + size);
    return { versions: page, revision: 'r-open', more: first + size < ALL.length, complete: true };
  });
  await versions.reload();
  return versions;
}

test('versions are grouped by day', () => {
  const days = byDay(ALL, NOW_MS, 'en-GB').map(({ label, versions }) => [
    label.replace(',', ''), // as the browser's version likes it
    versions.length,
  ]);
  assert.deepEqual(days, [
    ['Today', 2],
    ['Yesterday', 1],
    ['Friday 27 November', 1],
    ['Wednesday 31 December 2025', 1],
  ]);
});

test('older versions are loaded when they are needed', async () => {
  const versions = await loaded(2);
  assert.equal(versions.all.length, 2);
  assert.equal((await versions.find('sent'))?.id, 'v2');
  assert.equal(versions.all.length, 4);
  assert.equal(await versions.find('nowhere'), null);
  assert.equal(versions.all.length, ALL.length);
  assert.ok(!versions.hasMore);
});

test('the version before the last one that is loaded is loaded', async () => {
  const versions = await loaded(2);
  assert.equal((await versions.before(/** @type {Version} */ (versions.all[1])))?.id, 'v3');
  assert.equal(await versions.before(/** @type {Version} */ (await versions.find('v1'))), null);
});

test('two who ask for older versions at once get them once', async () => {
  const versions = await loaded(2);
  await Promise.all([versions.loadMore(), versions.loadMore()]);
  assert.deepEqual(
    versions.all.map(({ id }) => id),
    ['open', 'v4', 'v3', 'v2'],
  );
});

test('older versions that come after the list was loaded anew are dropped', async () => {
  const versions = await loaded(2);
  const more = versions.loadMore();
  await Promise.all([versions.reload(), more]);
  assert.ok(versions.all.length <= 4);
  assert.equal(new Set(versions.all).size, versions.all.length);
});

test('an address says what is shown, and what is shown has an address', async () => {
  /** @type {[string, Address | null][]} */
  const cases = [
    ['', null],
    ['#text', null],
    ['#historyless', null],
    ['#history', { from: null, to: null }],
    ['#history/v2', { from: null, to: 'v2' }],
    ['#history/v1..now', { from: 'v1', to: 'now' }],
    ['#history/a%2Fb', { from: null, to: 'a/b' }],
    ['#history/%', { from: null, to: '%' }],
  ];
  for (const [hash, address] of cases) assert.deepEqual(addressOf(hash), address, hash);
  assert.equal(hashOf('a/b', 'now'), '#history/now..a%2Fb');
});

test('every way to name two versions leads to the same comparison', async () => {
  const versions = await loaded(2);
  /** @type {[string, string, string | null, [string, string], string][]} */
  const cases = [
    ['#history', 'open', null, ['r-v4', 'r-open'], '#history/open'],
    ['#history/open', 'open', null, ['r-v4', 'r-open'], '#history/open'],
    ['#history/v1', 'v1', null, ['start', 'r-v1'], '#history/v1'],
    ['#history/sent', 'v2', null, ['r-v1', 'r-v2'], '#history/sent'],
    ['#history/v1..v3', 'v3', 'v1', ['r-v1', 'r-v3'], '#history/v1..v3'],
    ['#history/v3..v1', 'v1', 'v3', ['r-v1', 'r-v3'], '#history/v1..v3'],
    ['#history/v4..now', 'v4', 'now', ['r-v4', 'now'], '#history/v4..now'],
    ['#history/0123..now', 'open', '0123', ['0123', 'r-open'], '#history/0123..open'],
  ];
  for (const [hash, id, other, ends, address] of cases) {
    const shown = await shownAt(/** @type {Address} */ (addressOf(hash)), versions);
    assert.ok(shown);
    assert.equal(shown.version.id, id, hash);
    assert.equal(shown.other, other, hash);
    assert.deepEqual(await endsOf(shown, versions), ends, hash);
    assert.equal(addressOfShown(shown, versions), address);
  }
  assert.equal(await shownAt({ from: null, to: 'gone' }, versions), null);
});

test('what is shown was changed by the authors of all versions in between', async () => {
  const versions = await loaded();
  /** @type {[string, string][]} */
  const cases = [
    ['#history/v2', 'Bo'],
    ['#history/v1..v3', 'Ann Bo'],
    ['#history/v3..v1', 'Ann Bo'],
    ['#history/v2..now', 'Ann'],
    ['#history/v2..v3', 'Ann'],
  ];
  for (const [hash, names] of cases) {
    const shown = await shownAt(/** @type {Address} */ (addressOf(hash)), versions);
    assert.ok(shown);
    const found = new Set(authorsOf(shown, versions)?.map(({ name }) => name));
    assert.equal([...found].sort().join(' '), names, hash);
  }
  const shown = await shownAt({ from: 'looked', to: 'now' }, versions);
  assert.ok(shown);
  assert.equal(authorsOf(shown, versions), null);
});

test('what is shown has a title', async () => {
  const versions = await loaded();
  const title = async (/** @type {string} */ hash) => {
    const shown = await shownAt(/** @type {Address} */ (addressOf(hash)), versions);
    return shown && titleOfShown(shown, versions, 'looked', NOW_MS, 'en-GB');
  };
  assert.equal(await title('#history'), 'Now, by Ann');
  assert.equal(await title('#history/v3'), 'Sunday 23:59, by Ann');
  assert.equal(await title('#history/sent'), '“Sent”, Friday 10:42, by Bo');
  assert.equal(await title('#history/v3..now'), 'Changes from Sunday 23:59 to now');
  assert.equal(await title('#history/v3..v2'), 'Changes from “Sent”, Friday 10:42 to Sunday 23:59');
  assert.equal(await title('#history/start..v3'), 'Changes from the start to Sunday 23:59');
  assert.equal(await title('#history/looked..now'), 'Changes from when you last looked to now');
});

test('of many authors some are named, and each once', () => {
  const names = ['Ann', 'Bo', 'Ann', 'Cy', 'Di', 'Ed', 'Fy'].map((name) => ({ name }));
  assert.equal(namesOf(names), 'Ann, Bo, Cy, Di and 2 others');
  assert.equal(namesOf([]), '');
});

test('the slider has a stop for each version, the newest on the right', () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => stopOf(index, 3)),
    [2, 1, 0],
  );
  assert.deepEqual(
    [0, 1, 2].map((stop) => indexAt(stop, 3)),
    [2, 1, 0],
  );
  assert.deepEqual(namedAt(ALL), [{ name: 'Sent', at: 0.25 }]);
  assert.deepEqual(namedAt([]), []);
});

test('who is here has their colour; nobody else gets it while there are others', () => {
  const colors = new AuthorColors(() => [{ name: 'Bo', color: '#8a3ffc' }]);
  const ann = colors.of('Ann');
  assert.notEqual(ann, '#8a3ffc');
  assert.equal(colors.of('Bo'), '#8a3ffc');
  assert.notEqual(colors.of('Cy'), ann);
  assert.equal(colors.of('Ann'), ann);
});
