import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  escaped,
  filled,
  forgottenAfter,
  isFailure,
  purposeOf,
} from '../../web/offline/requests.js';

const SCOPE = 'https://example.org/pad/';

/** @param {string} path @param {object} [more] */
function purpose(path, more) {
  const request = { method: 'GET', mode: 'navigate', url: new URL(path, SCOPE).href, ...more };
  return purposeOf(request, SCOPE);
}

test('pages are answered', () => {
  assert.deepEqual(purpose(''), { kind: 'start' });
  assert.deepEqual(purpose('preview?pictures=https://example.com'), { kind: 'frame' });
  assert.deepEqual(purpose('search?q=word'), { kind: 'other' });
  const notes = { kind: 'document', document: 'notes', isView: false };
  assert.deepEqual(purpose('d/notes'), notes);
  assert.deepEqual(purpose('d/notes?plain#L12'), notes);
  assert.deepEqual(purpose('d/notes/view'), { ...notes, isView: true });
  assert.deepEqual(purpose('d/docs/plan.md'), { ...notes, document: 'docs/plan.md' });
  assert.deepEqual(purpose('d/docs/plan.md/view#top'), {
    kind: 'document',
    document: 'docs/plan.md',
    isView: true,
  });
});

test('everything else goes to the server without the worker', () => {
  for (const path of [
    'd/notes?key=secret',
    '?key=secret',
    'sign-in?next=/',
    'd/notes/raw',
    'd/notes.git/info/refs?service=git-upload-pack',
    'notes.git/info/refs',
    'd/No name',
    'd/%zz',
    'metrics',
    'api/me',
    '/d/notes',
    '/pads/d/notes',
    'https://example.com/pad/',
  ])
    assert.deepEqual(purpose(path), { kind: 'none' }, path);
  for (const path of ['', 'd/notes', 'static/pages/document.js', 'api/me', 'ws/notes'])
    assert.deepEqual(purpose(path, { mode: 'cors' }), { kind: 'none' }, path);
  assert.deepEqual(purpose('d/notes', { method: 'POST' }), { kind: 'none' });
});

test('files of the kept set are told by their address, whoever asks for them', () => {
  for (const mode of ['cors', 'no-cors', 'navigate'])
    assert.deepEqual(purpose('kept-0123/pages/document.js', { mode }), { kind: 'file' });
});

test('signing out is noticed', () => {
  assert.deepEqual(purpose('sign-out', { method: 'POST' }), { kind: 'sign-out' });
  assert.deepEqual(purpose('sign-out'), { kind: 'none' });
});

test('a proxy without its server is a failure; an answer of the server is none', () => {
  assert.deepEqual([502, 503, 504].filter(isFailure), [502, 503, 504]);
  assert.deepEqual([0, 200, 304, 401, 404, 429, 500].filter(isFailure), []);
});

test('who is signed out keeps nothing, who loses a document not this one', () => {
  const document = purpose('d/notes');
  assert.equal(forgottenAfter(document, 401), 'everything');
  assert.equal(forgottenAfter({ kind: 'start' }, 401), 'everything');
  for (const status of [403, 404, 410]) {
    assert.equal(forgottenAfter(document, status), 'document');
    assert.equal(forgottenAfter({ kind: 'start' }, status), 'nothing');
  }
  for (const status of [0, 200, 304, 429, 500])
    assert.equal(forgottenAfter(document, status), 'nothing');
});

test('a page gets its values, and hides what nothing says', () => {
  const template = '<h1 $if_start>$title</h1><a href="$root" $if_sign_out>$unknown</a>';
  assert.equal(
    filled(template, { root: '/pad/', title: escaped('<b>"$root"'), if_start: '' }),
    '<h1 >&#60;b&#62;&#34;$root&#34;</h1><a href="/pad/" hidden></a>',
  );
});
