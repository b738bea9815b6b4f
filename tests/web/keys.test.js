import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolKey } from '../../web/ui/keys.js';

const NONE = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, code: 'KeyF' };
const CTRL_ALT = { ...NONE, ctrlKey: true, altKey: true };

/** @param {object} event @param {boolean} [isMac] */
const pressed = (event, isMac = false, isAltGr = false) =>
  toolKey(/** @type {any} */ ({ getModifierState: () => isAltGr, ...event }), isMac);

test('Ctrl+Alt is for tools, by the letter or by its place', () => {
  assert.equal(pressed({ ...CTRL_ALT, key: 'f' }), 'f');
  assert.equal(pressed({ ...CTRL_ALT, key: 'а' }), 'f'); // Cyrillic
  for (const other of [
    { ctrlKey: false },
    { altKey: false },
    { shiftKey: true },
    { metaKey: true },
  ])
    assert.equal(pressed({ ...CTRL_ALT, ...other, key: 'f' }), '');
});

test('AltGr types characters', () => {
  assert.equal(pressed({ ...CTRL_ALT, key: '[' }), ''); // Hungarian, where the browser does not tell
  assert.equal(pressed({ ...CTRL_ALT, key: 'ģ', code: 'KeyG' }, false, true), ''); // Latvian
});

test('a Mac has ⌥⇧⌘: browsers use ⌥⌘, and VoiceOver ⌃⌥', () => {
  const mac = { ...NONE, altKey: true, shiftKey: true, metaKey: true };
  assert.equal(pressed({ ...mac, key: 'Ï' }, true), 'f');
  assert.equal(pressed({ ...mac, key: '˝', code: 'KeyG' }, true), 'g');
  assert.equal(pressed({ ...mac, shiftKey: false, key: 'ƒ' }, true), '');
  assert.equal(pressed({ ...CTRL_ALT, key: 'ƒ' }, true), '');
});
