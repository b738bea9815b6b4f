// Where links and pictures of a text may lead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverOf, targetOf } from '../../web/preview/links.js';
import { Slugs } from '../../web/text/slugs.js';

/** @type {[href: string, target: string | null][]} */
const LINKS = [
  ['https://example.org/a?b#c', 'web https://example.org/a?b#c'],
  ['HTTP://example.org', 'web http://example.org/'],
  ['//example.org/x', 'web https://example.org/x'],
  ['\\\\example.org', 'web https://example.org/'],
  ['mailto:ann@example.org', 'mail mailto:ann@example.org'],
  ['#To%20do', 'heading To do'],
  ['#', 'heading '],
  ['plan', 'document plan'],
  ['plan.md', 'document plan.md'],
  ['./plan.md#who', 'document plan.md#who'],
  ['/d/plan', 'document plan'],
  ['/plan', 'document plan'],
  ['../plan', 'document plan'],
  ['minutes/2026-11.md', 'document minutes/2026-11.md'],
  ['Plan', null],
  ['no such name', null],
  ['plan.', 'document plan.'],
  ['a..b', null],
  ['.hidden', null],
  ['a/b/c/d/e', null],
  ['javascript:alert(1)', null],
  ['JaVaScRiPt:alert(1)', null],
  ['java\nscript:alert(1)', null],
  ['\u0001javascript:alert(1)', null],
  [' javascript:alert(1)', null],
  ['data:text/html,x', null],
  ['vbscript:x', null],
  ['blob:https://example.org/x', null],
  ['file:///etc/passwd', null],
  ['tel:123', null],
  ['https://', null],
  ['', 'document notes'],
];

for (const [href, wanted] of LINKS) {
  test(`a link to ${JSON.stringify(href)}`, () => {
    const target = targetOf(href, 'notes');
    const words =
      target &&
      `${target.kind} ${
        target.kind === 'heading'
          ? target.id
          : target.kind === 'document'
            ? target.name + target.hash
            : target.href
      }`;
    assert.equal(words, wanted);
  });
}

test('links are relative to the document that has them', () => {
  assert.deepEqual(targetOf('plan.md', 'minutes/november'), {
    kind: 'document',
    name: 'minutes/plan.md',
    hash: '',
  });
});

test('the server of a picture', () => {
  assert.equal(serverOf('https://Example.org:8443/a.png'), 'https://example.org:8443');
  assert.equal(serverOf('http://example.org/a.png'), 'http://example.org');
  for (const src of ['a.png', '/a.png', 'data:image/png;base64,', 'javascript:x', 'ftp://a/b', ''])
    assert.equal(serverOf(src), null);
});

test('headings are named as on GitHub', () => {
  const slugs = new Slugs();
  const titles = ['To do', 'To do', 'C++ & you?', 'Über_uns – 2', '', 'To do', 'To do 1'];
  const names = titles.map((title) => slugs.of(title));
  assert.deepEqual(names, [
    'to-do',
    'to-do-1',
    'c--you',
    'über_uns--2',
    '',
    'to-do-2',
    'to-do-1-1',
  ]);
});
