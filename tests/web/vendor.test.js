// The libraries in web/vendor/ are those of the npm packages in the lock file, unchanged.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root));
const vendored = JSON.parse(read('web/vendor/vendor.json').toString());
const lock = JSON.parse(read('package-lock.json').toString()).packages;

for (const [name, { package: from, version, file, license, sha256 }] of Object.entries(vendored)) {
  test(`${name} is ${from} ${version}`, () => {
    const text = read(`web/vendor/${name}`);
    assert.equal(createHash('sha256').update(text).digest('hex'), sha256);
    assert.equal(lock[`node_modules/${from}`].version, version);
    assert.equal(lock[`node_modules/${from}`].license, license);
    assert(text.equals(read(`node_modules/${from}/${file}`)), 'copy it from the package');
    const terms = read(`web/vendor/${name.replace('.js', '.LICENSE.txt')}`);
    assert(terms.equals(read(`node_modules/${from}/LICENSE`)));
  });
}

test('every script there is one of them', () => {
  const scripts = readdirSync(new URL('web/vendor/', root)).filter((it) => it.endsWith('.js'));
  assert.deepEqual(scripts.sort(), Object.keys(vendored).sort());
});
