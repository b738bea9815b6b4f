import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JoinLeave } from '../../web/people/join_leave.js';
import { FakeClock } from './clock.js';

function stage() {
  const clock = new FakeClock();
  /** @type {string[]} */
  const said = [];
  const joinLeave = new JoinLeave(
    { announce: (sentence) => said.push(sentence), joined: () => {} },
    clock,
  );
  const here = (/** @type {Record<string, string>} */ people) =>
    joinLeave.update(new Map(Object.entries(people).map(([client, name]) => [client, { name }])));
  here({});
  clock.pass(1);
  return { clock, said, here };
}

test('people who join together are named together, and moving is no news', () => {
  const { clock, said, here } = stage();
  here({ a: 'Ann' });
  clock.pass(500);
  here({ a: 'Ann', c: 'Chloé' });
  for (let moves = 0; moves < 50; moves++) {
    clock.pass(1000);
    here({ a: 'Ann', c: 'Chloé' });
  }
  assert.deepEqual(said, ['Ann and Chloé joined.']);
});

test('ten seconds lie between two sentences', () => {
  const { clock, said, here } = stage();
  here({ a: 'Ann' });
  clock.pass(1000);
  here({ a: 'Ann', b: 'Bo' });
  clock.pass(9000);
  here({ a: 'Ann', b: 'Bo', c: 'Chloé' });
  assert.deepEqual(said, ['Ann joined.']);
  clock.pass(1000);
  assert.deepEqual(said, ['Ann joined.', 'Bo and Chloé joined.']);
});

test('someone who returns within that time never left, as the same client or another', () => {
  for (const back of ['b', 'b2']) {
    const { clock, said, here } = stage();
    here({ b: 'Bo' });
    clock.pass(20_000);
    here({});
    clock.pass(9000);
    here({ [back]: 'Bo' });
    clock.pass(60_000);
    assert.deepEqual(said, ['Bo joined.']);
    here({});
    clock.pass(60_000);
    assert.deepEqual(said, ['Bo joined.', 'Bo left.']);
  }
});

test('a short visit is no news, and someone who left is called by the last name', () => {
  const { clock, said, here } = stage();
  here({ a: 'Ann' });
  clock.pass(500);
  here({});
  clock.pass(60_000);
  assert.deepEqual(said, []);
  here({ a: 'Ann' });
  clock.pass(20_000);
  here({ a: 'Anna' });
  here({});
  clock.pass(10_000);
  assert.deepEqual(said, ['Ann joined.', 'Anna left.']);
});

test('of many, some are counted', () => {
  const { clock, said, here } = stage();
  here({ a: 'Ann', b: 'Bo', c: 'Chloé', d: 'Dmitri', e: 'Eve' });
  clock.pass(1000);
  assert.deepEqual(said, ['Ann, Bo, Chloé and 2 others joined.']);
});

test('people who were here first are here, later ones joined; the listener gets both sentences', () => {
  const clock = new FakeClock();
  /** @type {string[]} */
  const said = [];
  /** @type {string[]} */
  const joined = [];
  const joinLeave = new JoinLeave(
    { announce: (sentence) => said.push(sentence), joined: (sentence) => joined.push(sentence) },
    clock,
  );
  joinLeave.update(new Map([['a', { name: 'Ann' }]]));
  clock.pass(2000);
  joinLeave.update(
    new Map([
      ['a', { name: 'Ann' }],
      ['b', { name: 'Bo' }],
    ]),
  );
  clock.pass(20_000);
  assert.deepEqual(said, ['Ann is here.', 'Bo joined.']);
  assert.deepEqual(joined, said);
});
