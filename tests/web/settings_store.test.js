import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULTS, readValues, withValue, writeValues } from '../../web/ui/settings_store.js';

test('without anything chosen all is as at first', () => {
  for (const stored of [null, '{}', '', 'no JSON', '[]', '7', 'null']) {
    assert.deepEqual(readValues(stored), DEFAULTS, String(stored));
  }
});

test('what was chosen is read again', () => {
  const values = withValue(withValue({ ...DEFAULTS }, 'scheme', 'dark'), 'wrap', false);
  assert.deepEqual(readValues(writeValues(values)), { ...DEFAULTS, scheme: 'dark', wrap: false });
});

test('only what differs is kept', () => {
  assert.equal(writeValues({ ...DEFAULTS }), '{}');
  assert.equal(writeValues({ ...DEFAULTS, tab: 'inserts' }), '{"tab":"inserts"}');
});

test('what cannot be is left as it is', () => {
  const values = { ...DEFAULTS };
  for (const [name, value] of [
    ['scheme', 'pink'],
    ['wrap', 'yes'],
    ['toString', true],
    ['__proto__', true],
    ['', true],
  ]) {
    assert.deepEqual(withValue(values, String(name), value), values, String(name));
  }
  assert.deepEqual(readValues('{"size":9,"scheme":"light","new":1}'), {
    ...DEFAULTS,
    scheme: 'light',
  });
});
