import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringingBack } from '../../web/history/bring_back.js';
import { comparisonOf, marksOf } from '../../web/history/changes.js';
import { credited } from '../../web/history/credit.js';
import { apply } from '../../web/text/splices.js';

/** @typedef {import('../../web/history/changes.js').Run} Run */
/** @typedef {import('../../web/history/changes.js').Change} Change */

/** @type {Run[]} */
const RUNS = [
  ['kept', 'On '],
  ['removed', 'Sunday', 0],
  ['added', 'Friday 😀', 1],
  ['kept', ', '],
  ['added', 'at noon', 0],
  ['kept', ' in the yard.\nBring '],
  ['removed', 'a chair', null],
  ['kept', '.\n'],
  ['added', 'And cake.\n', 1],
];

test('what lies side by side is one change', () => {
  const { parts, changes, after } = comparisonOf(RUNS);
  assert.equal(after, 'On Friday 😀, at noon in the yard.\nBring .\nAnd cake.\n');
  assert.deepEqual(changes, [
    { start: 3, end: 20, before: 'Sunday, ', after: 'Friday 😀, at noon', authors: [1, 0] },
    { start: 40, end: 40, before: 'a chair', after: '', authors: [] },
    { start: 42, end: 52, before: '', after: 'And cake.\n', authors: [1] },
  ]);
  assert.deepEqual(
    parts.map(({ kind, change }) => [kind, change]),
    [
      ['kept', null],
      ['removed', 0],
      ['added', 0],
      ['kept', 0],
      ['added', 0],
      ['kept', null],
      ['removed', 1],
      ['kept', null],
      ['added', 2],
    ],
  );
});

test('a word that was corrected is credited to whoever corrected it', () => {
  const [bo, cy] = [{ name: 'Bo' }, { name: 'Cy' }];
  const authors = [{ name: 'Ann' }, bo];
  /** @type {Run[]} */
  const runs = [
    ['added', 'old', 0],
    ['kept', ' on '],
    ['removed', 'Saturday', 0],
    ['added', 'S', 0],
    ['added', 'un', 1],
    ['added', 'day', 0],
    ['added', '!', null],
  ];
  const kept = /** @type {Run[]} */ (runs.slice(1, 3));
  const by = (/** @type {typeof authors} */ changers) => credited(runs, authors, changers).runs;
  assert.deepEqual(by([bo, cy]), [
    ['added', 'old', null], // by one of them
    ...kept,
    ['added', 'Sunday!', 1],
  ]);
  assert.deepEqual(by([bo])[0], ['added', 'old', 1]);
  assert.deepEqual(credited(runs, authors, null), { runs, authors });
});

test('who only corrected words is an author, too', () => {
  const { runs, authors } = credited([['added', 'Sunday', 0]], [{ name: 'Ann' }], [{ name: 'Bo' }]);
  assert.deepEqual(runs, [['added', 'Sunday', 1]]);
  assert.deepEqual(authors, [{ name: 'Ann' }, { name: 'Bo' }]);
});

test('places behind what was left out are right, but the whole text is not known', () => {
  const { changes, after } = comparisonOf([
    ['skipped', 1000],
    ['kept', 'a '],
    ['added', 'b', 0],
  ]);
  assert.equal(changes[0]?.start, 1002);
  assert.equal(after, null);
});

test('a text without changes has none', () => {
  assert.deepEqual(comparisonOf([]), { parts: [], changes: [], after: '' });
  assert.deepEqual(comparisonOf([['kept', 'a']]).changes, []);
});

test('marks that would lie on each other are one', () => {
  assert.deepEqual(marksOf([0, 0.01, 0.5, 0.99], 10), [
    { at: 0, change: 0 },
    { at: 0.5, change: 2 },
    { at: 0.99, change: 3 },
  ]);
});

/** @param {number} index of a change @param {(text: string) => string} since what happened after it */
function brought(index, since) {
  const { changes, after } = comparisonOf(RUNS);
  const current = since(/** @type {string} */ (after));
  const splices = bringingBack(/** @type {Change} */ (changes[index]), after ?? '', current);
  return splices && apply(current, splices);
}

test('a place is brought back wherever it is by now, and nothing else', () => {
  const moved = (/** @type {string} */ text) => `Dear all,\n${text.replace('yard', 'garden')}`;
  assert.equal(brought(0, moved), 'Dear all,\nOn Sunday,  in the garden.\nBring .\nAnd cake.\n');
  assert.equal(
    brought(1, moved),
    'Dear all,\nOn Friday 😀, at noon in the garden.\nBring a chair.\nAnd cake.\n',
  );
  assert.equal(brought(2, moved), 'Dear all,\nOn Friday 😀, at noon in the garden.\nBring .\n');
});

test('a place that has changed since is left alone', () => {
  assert.equal(
    brought(0, (text) => text.replace('noon', 'one')),
    null,
  );
  assert.equal(
    brought(1, (text) => text.replace('Bring ', 'Bring a bench')),
    null,
  );
  assert.equal(
    brought(2, (text) => text.replace('And cake.\n', '')),
    null,
  );
});
