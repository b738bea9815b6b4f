import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Matches } from '../../web/find/matches.js';
import { answerTo } from '../../web/find/search.js';
import { diffSplicesInUnits } from '../../web/text/diff_splices.js';
import { applyUnits } from '../../web/text/splices.js';
import { random, randomText } from './random.js';

const PLAIN = { words: '', isExpression: false, isCaseMatched: false, isWholeWord: false };

/** The words found in a text. @param {string} text @param {string} words @param {object} [options] */
function found(text, words, options) {
  const answer = answerTo(text, { query: { ...PLAIN, words, ...options } });
  assert.equal(answer.kind, 'found');
  const { starts, ends } = /** @type {import('../../web/find/search.js').FoundAnswer} */ (answer);
  return [...starts].map((start, index) => text.slice(start, ends[index]));
}

/** @param {string} text @param {string} words @param {string} template @param {object} [options] */
function replaced(text, words, template, options) {
  const answer = answerTo(text, { query: { ...PLAIN, words, ...options }, template });
  assert.equal(answer.kind, 'replaced');
  const { splices, count } = /** @type {import('../../web/find/search.js').ReplacedAnswer} */ (
    answer
  );
  return { text: applyUnits(text, splices), count, splices };
}

test('plain words are found as they are written, in upper and lower case', () => {
  assert.deepEqual(found('a.b a-b A.B', 'a.b'), ['a.b', 'A.B']);
  assert.deepEqual(found('a.b A.B', 'A.b', { isCaseMatched: true }), []);
  assert.deepEqual(found('Grüße GRÜSSE grüße', 'GRÜ'), ['Grü', 'GRÜ', 'grü']);
  assert.deepEqual(found('(x) [y] {z} ^$ \\ /', ']'), [']']);
});

test('whole words end where letters of any alphabet end', () => {
  const isWholeWord = true;
  assert.deepEqual(found('art, arts, Ärt, art_1 art', 'art', { isWholeWord }), ['art', 'art']);
  assert.deepEqual(found('дом, домой', 'дом', { isWholeWord }), ['дом']);
  assert.deepEqual(found('C++ and C', 'C++', { isWholeWord }), ['C++']);
  const either = { isWholeWord, isExpression: true };
  assert.deepEqual(found('a ab b', 'a|b', either), ['a', 'b']);
});

test('an expression finds lines, never half a character, and also nothing', () => {
  const isExpression = true;
  assert.deepEqual(found('one\ntwo', '^.', { isExpression }), ['o', 't']);
  for (const isCaseMatched of [true, false])
    assert.deepEqual(found('🎉é', '.', { isExpression, isCaseMatched }), ['🎉', 'é']);
  assert.deepEqual(found('a\n\nb', '^$', { isExpression }), ['']);
});

test('a wrong expression has a reason', () => {
  for (const words of ['(a', 'a)|(b', '[', '\\u{']) {
    const query = { ...PLAIN, words, isExpression: true, isWholeWord: true };
    const answer = answerTo('a', { query });
    assert.equal(answer.kind, 'wrong');
    assert.match(/** @type {any} */ (answer).reason, /^[a-z][^/:]+$/);
  }
});

test('plain words are replaced by what is written', () => {
  const { text, count } = replaced('a cat, a Cat', 'cat', '$& \\n');
  assert.equal(text, 'a $& \\n, a $& \\n');
  assert.equal(count, 2);
  assert.equal(replaced('Cat cat', 'cat', 'cat').count, 1); // the other is as it should be
});

test('groups are put in as JavaScript does', () => {
  const text = 'ab xy ab';
  for (const words of ['(a)(b)', '(?<first>a)(b)(c)?', '(a)(?<b>b)()()()()()()()()(x?)', 'ab'])
    for (const template of [
      '$1',
      '$2$1',
      '$10',
      '$11',
      '$0',
      '$00',
      '$01',
      '$3',
      '$$1',
      '$&$&',
      '$<first>',
      '$<b>',
      '$',
    ])
      assert.equal(
        replaced(text, words, template, { isExpression: true }).text,
        text.replace(new RegExp(words, 'gu'), template),
        `${words} ${template}`,
      );
  assert.equal(replaced('a,b', ',', '\\n\\t\\\\n', { isExpression: true }).text, 'a\n\t\\nb');
});

test('one match can be replaced, as part of the whole text', () => {
  const query = { ...PLAIN, words: '(?<=b)a', isExpression: true };
  assert.deepEqual(answerTo('aba', { query, template: 'x', only: 2 }), {
    kind: 'replaced',
    splices: [[2, 1, 'x']],
    count: 1,
  });
  assert.equal(/** @type {any} */ (answerTo('aba', { query, template: 'x', only: 0 })).count, 0);
});

test('many replacements are few splices, and a huge result is none', () => {
  const text = 'ab'.repeat(20_000);
  const { text: after, count, splices } = replaced(text, 'a', 'xy');
  assert.equal(after, 'xyb'.repeat(20_000));
  assert.equal(count, 20_000);
  assert.ok(splices.length <= 5_000);
  const query = { ...PLAIN, words: 'a' };
  assert.equal(answerTo(text, { query, template: 'x'.repeat(1000) }).kind, 'large');
});

/** @param {string} text @param {string} words */
function matchesOf(text, words) {
  const matches = new Matches();
  matches.follow(text);
  const answer = answerTo(text, { query: { ...PLAIN, words } });
  matches.found(/** @type {any} */ (answer), text);
  return matches;
}

test('steps go around the ends of the text', () => {
  const matches = matchesOf('a b a b a', 'a');
  matches.startAt(3);
  matches.step(1);
  assert.equal(matches.index, 1);
  matches.step(1);
  matches.step(1);
  assert.equal(matches.index, 0);
  matches.step(-1);
  assert.equal(matches.index, 2);
  matches.startAt(3);
  matches.step(-1);
  assert.equal(matches.index, 0);
  matches.startAt(9);
  matches.choose();
  assert.equal(matches.index, 0);
});

test('the current match stays the current one while others type', () => {
  const matches = matchesOf('one cat, two cats', 'cat');
  matches.startAt(9);
  matches.choose();
  assert.equal(matches.follow('A cat! one cat, two cats'), true);
  assert.deepEqual(matches.current, { start: 20, end: 23 });
  matches.follow('A cat! one dog, two cats'); // the other one has gone
  assert.deepEqual([matches.index, matches.count], [0, 1]);
  matches.follow('A cat! one dog, two caps');
  assert.deepEqual([matches.current, matches.count], [null, 0]);
});

test('the next match is behind what was put where there was nothing', () => {
  const matches = new Matches();
  matches.follow('one\ntwo');
  matches.startAt(0); // behind the empty match there
  const text = '> one\ntwo';
  matches.follow(text);
  const query = { ...PLAIN, words: '^', isExpression: true };
  matches.found(/** @type {any} */ (answerTo(text, { query })), text);
  matches.choose();
  assert.deepEqual(matches.current, { start: 6, end: 6 });
});

test('what was found in an older text is carried over', () => {
  const matches = matchesOf('cat', 'dog');
  matches.follow('my cat');
  matches.found({ starts: Uint32Array.of(0), ends: Uint32Array.of(3) }, 'cat');
  assert.deepEqual(matches.within({ start: 0, end: 6 }), [{ start: 3, end: 6 }]);
});

test('in a part of the text adjacent matches are one', () => {
  const matches = matchesOf('aa-aa-aa', 'a');
  assert.deepEqual(matches.within({ start: 3, end: 8 }), [
    { start: 3, end: 5 },
    { start: 6, end: 8 },
  ]);
});

test('a match that follows the text has the same words', () => {
  const dice = random(7);
  for (let round = 0; round < 300; round++) {
    const [text, other] = [randomText(dice) + randomText(dice), randomText(dice)];
    const at = dice.below(text.length + 1);
    const after = text.slice(0, at) + other + text.slice(at + dice.below(4));
    const matches = matchesOf(text, 'a');
    matches.follow(after);
    for (const { start, end } of matches.within({ start: 0, end: after.length }))
      assert.match(after.slice(start, end), /^a+$/, JSON.stringify([text, after]));
    const [splice] = diffSplicesInUnits(text, after);
    if (!splice) continue;
    const kept = found(text.slice(0, splice[0]), 'a').length;
    assert.ok(matches.count >= kept, 'none is lost in front of a change');
  }
});
