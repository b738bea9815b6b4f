// The service worker: opens recent documents while the server cannot be reached. What it does with a
// request is decided in requests.js; it keeps one set of the pages' files, all of one version, and
// no answer of the server. The server puts the version and the digest of that set into this file.

import { KeptTexts } from './kept_texts.js';
import { escaped, filled, forgottenAfter, isFailure, PATIENCE_MS, purposeOf } from './requests.js';

/** @typedef {import('./kept_texts.js').Kept} Kept */
/** @typedef {import('./requests.js').Purpose} Purpose */

const VERSION = '$version';
const INTEGRITY = '$integrity';
const TYPES = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['svg', 'image/svg+xml'],
]);
// What the server sends with every file.
const PROTECTION = [
  'Content-Security-Policy',
  'Cross-Origin-Resource-Policy',
  'Referrer-Policy',
  'X-Content-Type-Options',
];
const FRAME = 'preview/frame.html';
// The previous set is for pages that were opened from it.
const SETS_MAX = 2;

const worker = /** @type {any} */ (self);
const scope = worker.registration.scope;
const root = new URL(scope).pathname;
const folder = `${scope}kept-${VERSION}/`;
const sets = `gollabedit ${root} `;
const texts = new KeptTexts(root);
let hasLooked = false;

worker.addEventListener('install', (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(dropOldSets()));
worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const purpose = purposeOf(event.request, scope);
  if (purpose.kind === 'none') return;
  if (purpose.kind === 'sign-out') event.waitUntil(texts.clear());
  else if (purpose.kind === 'file') event.respondWith(keptFile(event.request.url));
  else event.respondWith(page(purpose, event));
});

/** Keep all files of this version: the digest makes sure that they are. */
async function install() {
  const response = await fetch(`${scope}kept.json`, { cache: 'no-store', integrity: INTEGRITY });
  const { files, frame } = await response.json();
  const common = PROTECTION.flatMap((name) => {
    const value = response.headers.get(name);
    return value ? [/** @type {[string, string]} */ ([name, value])] : [];
  });
  const set = await caches.open(sets + VERSION);
  await Promise.all(
    Object.entries(files).map(([name, text]) => {
      const headers = new Headers(common);
      headers.set('Content-Type', TYPES.get(name.split('.').at(-1) ?? '') ?? 'text/plain');
      if (name === FRAME) headers.set('Content-Security-Policy', frame);
      return set.put(folder + name, new Response(text, { headers }));
    }),
  );
  await worker.skipWaiting();
}

async function dropOldSets() {
  const own = (await caches.keys()).filter((name) => name.startsWith(sets)); // the oldest first
  await Promise.all(own.slice(0, -SETS_MAX).map((name) => caches.delete(name)));
}

/** @param {string} url */
async function keptFile(url) {
  return (await caches.match(url)) ?? new Response('It is not kept.\n', { status: 404 });
}

/**
 * The server's page; if it cannot be reached, the kept one.
 *
 * @param {Purpose} purpose
 * @param {any} event
 * @returns {Promise<Response>}
 */
async function page(purpose, event) {
  const finding = purpose.kind === 'document' ? texts.find(purpose.document) : undefined;
  /** @type {Promise<Response | null>} */
  const asking = fetch(event.request).catch(() => null);
  // A server that answers does not wait for the browser's storage.
  const kept = await Promise.race([finding, asking.then((it) => (it ? undefined : finding))]);
  const canOpen = kept !== undefined || purpose.kind === 'start' || purpose.kind === 'frame';
  const response = await (canOpen ? Promise.race([asking, patience()]) : asking);
  if (response && !isFailure(response.status)) {
    event.waitUntil(answered(purpose, response.status));
    return response;
  }
  return response && !canOpen ? response : keptPage(purpose, kept, event.request.url);
}

/** @returns {Promise<null>} */
function patience() {
  return new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
}

/** @param {Purpose} purpose @param {number} status */
async function answered(purpose, status) {
  const forgotten = forgottenAfter(purpose, status);
  if (forgotten === 'everything') await texts.clear();
  if (forgotten === 'document' && purpose.kind === 'document') await texts.forget(purpose.document);
  if (!hasLooked) await retireIfGone();
}

/** The server may have no service worker any more: then nothing of this one stays. */
async function retireIfGone() {
  hasLooked = true;
  const { status } = await fetch(worker.location.href, { method: 'HEAD', cache: 'no-store' });
  if (status !== 404 && status !== 410) return;
  await texts.clear();
  for (const name of await caches.keys()) if (name.startsWith(sets)) await caches.delete(name);
  await worker.registration.unregister();
}

/** @param {Purpose} purpose @param {Kept | undefined} kept @param {string} url */
async function keptPage(purpose, kept, url) {
  if (purpose.kind === 'frame') return filledPage(FRAME, {});
  if (purpose.kind !== 'document' || !kept) {
    const what = purpose.kind === 'document' || purpose.kind === 'start' ? purpose.kind : 'other';
    return filledPage('pages/no_connection.html', { [`if_${what}`]: '' });
  }
  const { document, title, owner, isViewOnly } = kept;
  const isPlain = new URL(url).searchParams.has('plain');
  if (isViewOnly && !isPlain && !purpose.isView)
    return Response.redirect(`${scope}d/${document}/view`, 302);
  return filledPage(purpose.isView ? 'pages/view.html' : 'pages/document.html', {
    document,
    title: escaped(title || document),
    owner: escaped(owner),
    plain: isViewOnly ? '?plain' : '',
    [isViewOnly ? 'if_view' : 'if_edit']: '',
  });
}

/** @param {string} name @param {Record<string, string>} values */
async function filledPage(name, values) {
  const template = await caches.match(folder + name);
  if (!template) return Response.error();
  const known = { root: escaped(root), kept: escaped(new URL(folder).pathname), ...values };
  return new Response(filled(await template.text(), known), { headers: template.headers });
}
