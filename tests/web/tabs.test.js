import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelOf, Tabs } from '../../web/drafts/tabs.js';
import { FakeClock } from './clock.js';

/** @typedef {import('../../web/drafts/tabs.js').Channel} Channel */

/** All tabs of a browser on one channel that works like a BroadcastChannel. */
class Browser {
  clock = new FakeClock();
  /** @type {Channel[]} */
  #channels = [];

  /** @param {string} page @param {string[]} ids */
  tab(page, ids) {
    /** @type {string[]} */
    const lost = [];
    /** @type {Channel} */
    const channel = {
      onmessage: null,
      postMessage: (word) => {
        const others = this.#channels.filter((other) => other !== channel);
        this.clock.after(() => {
          for (const other of others) other.onmessage?.({ data: structuredClone(word) });
        }, 1);
      },
    };
    this.#channels.push(channel);
    const tabs = new Tabs(page, channel, this.clock, {
      ids: () => ids,
      lost: (client) => lost.push(client),
    });
    return { tabs, lost, channel };
  }

  /** @template T @param {Promise<T>} promise */
  async passes(promise, ms = 1000) {
    this.clock.pass(ms);
    return promise;
  }
}

test('a client of no living tab can be claimed', async () => {
  const browser = new Browser();
  browser.tab('a', ['other']);
  const { tabs } = browser.tab('b', ['me']);
  assert.equal(await browser.passes(tabs.claim('me')), true);
});

test('a client of a living tab cannot', async () => {
  const browser = new Browser();
  browser.tab('a', ['me']);
  const { tabs } = browser.tab('b', ['me']);
  assert.equal(await browser.passes(tabs.claim('me')), false);
});

test('of two that claim at the same moment exactly one gets the client', async () => {
  const browser = new Browser();
  const [a, b] = [browser.tab('a', ['me']), browser.tab('b', ['me'])];
  const claims = Promise.all([b.tabs.claim('me'), a.tabs.claim('me')]);
  assert.deepEqual(await browser.passes(claims), [false, true]);
});

test('of two that claim one after the other exactly one gets the client', async () => {
  for (const [first, second] of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    const browser = new Browser();
    const early = browser.tab(String(first), ['me']).tabs.claim('me');
    browser.clock.pass(50);
    const late = browser.tab(String(second), ['me']).tabs.claim('me');
    const claims = await browser.passes(Promise.all([early, late]));
    assert.equal(claims.filter(Boolean).length, 1, `${first} before ${second}`);
  }
});

test('a tab that answers a claim late still keeps the client', async () => {
  const browser = new Browser();
  const slow = browser.tab('a', ['me']);
  const { tabs, lost } = browser.tab('b', ['me']);
  const answer = slow.channel.onmessage;
  /** @type {any[]} */
  const unread = [];
  slow.channel.onmessage = (event) => unread.push(event);
  assert.equal(await browser.passes(tabs.claim('me')), true);
  for (const event of unread) answer?.(event);
  browser.clock.pass(10);
  assert.deepEqual(lost, ['me']);
});

test('living tabs tell their ids', async () => {
  const browser = new Browser();
  browser.tab('a', ['a', 'me', 'recovered']);
  browser.tab('b', ['b', 'other']);
  const { tabs } = browser.tab('c', ['asks']);
  const living = await browser.passes(tabs.livingIds());
  assert.deepEqual([...living].sort(), ['a', 'b', 'me', 'other', 'recovered']);
});

test('without a channel a tab continues alone', async () => {
  const clock = new FakeClock();
  const tabs = new Tabs('a', null, clock, { ids: () => [], lost: () => {} });
  assert.equal(await tabs.claim('me'), true);
  const living = tabs.livingIds();
  clock.pass(0);
  assert.equal((await living).size, 0);
});

test('where site data is blocked there is no channel', (context) => {
  context.mock.method(globalThis, 'BroadcastChannel', () => {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  });
  assert.equal(channelOf('notes'), null);
});
