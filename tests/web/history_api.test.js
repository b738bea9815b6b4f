import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { HistoryApi } from '../../web/history/history_api.js';
import { RefusedError } from '../../web/ui/answers.js';

const realFetch = globalThis.fetch;

afterEach(() => {
  globalThis.fetch = realFetch;
});

/** Answer requests with these bodies, in order. @param {{status?: number, body: object}[]} answers @returns the addresses that were asked */
function answering(...answers) {
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (address) => {
    asked.push(String(address));
    const { status = 200, body } = answers[asked.length - 1] ?? { status: 500, body: {} };
    return new Response(JSON.stringify(body), { status });
  };
  return asked;
}

const api = new HistoryApi('notes', () => 'Bo');

test('steps that take several answers are one list, whose authors are counted together', async () => {
  const step = (/** @type {string} */ revision, /** @type {number} */ author) => {
    return { revision, time: 1, author, splices: [] };
  };
  const asked = answering(
    {
      body: {
        ...{ text: 'a', to: 'r2', more: true, authors: [{ name: 'Ann' }, { name: 'Bo' }] },
        steps: [step('r1', 0), step('r2', 1)],
      },
    },
    {
      body: { text: 'b', to: 'r3', more: false, authors: [{ name: 'Bo' }], steps: [step('r3', 0)] },
    },
  );
  const { text, authors, steps } = await api.steps('r0', 'r3');
  assert.equal(text, 'a');
  assert.deepEqual(
    steps.map(({ revision, author }) => [revision, authors[author]?.name]),
    [
      ['r1', 'Ann'],
      ['r2', 'Bo'],
      ['r3', 'Bo'],
    ],
  );
  assert.deepEqual(asked, [
    '../api/documents/notes/steps?from=r0&to=r3',
    '../api/documents/notes/steps?from=r2&to=r3',
  ]);
});

test('a document that nobody has written has no versions', async () => {
  answering({ status: 404, body: { error: 'There is no such document.' } });
  assert.deepEqual((await api.versions(50)).versions, []);
});

test('a refusal is the server’s sentence, unless that is for programs, or there is none', async () => {
  answering({ status: 409, body: { error: 'Another version has this name.' } });
  await assert.rejects(
    api.name('r1', 'Draft', ''),
    new RefusedError('Another version has this name.', 409),
  );
  answering({ status: 401, body: { error: 'Send a token.' } });
  await assert.rejects(api.diff('r1', 'now'), new RefusedError('Your access has ended.', 401));
  answering({ status: 502, body: {} });
  await assert.rejects(api.diff('r1', 'now'), (problem) => !(problem instanceof RefusedError));
});
