import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { contrast, legible, legibleOn } from '../../web/people/colors.js';
import { random } from './random.js';

const read = (/** @type {string} */ path) =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** @param {string} name @returns {[string, string]} light, dark */
function variable(name) {
  const [, light = '', dark = ''] =
    new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(read('web/ui/style.css')) ?? [];
  const long = light.length === 4 ? light.replace(/\w/g, '$&$&') : light;
  return [long, dark];
}

const SERVERS = [...read('server/core/presence.py').matchAll(/"(#[\da-f]{6})"/g)].map(
  ([, hex]) => hex,
);
const dice = random(7);
const RANDOM = Array.from(
  { length: 500 },
  () => `#${dice.below(0x1000000).toString(16).padStart(6, '0')}`,
);
const ALL = [...SERVERS, ...RANDOM, '#ffffff', '#000000', '#ffff00', '#0000ff', 'red', ''];

test('contrast is what WCAG says it is', () => {
  assert.equal(contrast('#ffffff', '#000000'), 21);
  assert.ok(Math.abs(contrast('#777777', '#ffffff') - 4.48) < 0.01);
});

test('every colour can be read on the paper and told from the panel, in light and in dark', () => {
  assert.equal(SERVERS.length, 8);
  for (const scheme of [0, 1]) {
    const [paper, panel] = [variable('paper')[scheme] ?? '', variable('panel')[scheme] ?? ''];
    for (const color of ALL) {
      const shown = legible(color ?? '').match(/#[\da-f]{6}/g)?.[scheme] ?? '';
      assert.ok(contrast(shown, paper) >= 4.5, `${color} as ${shown} on ${paper}`);
      assert.ok(contrast(shown, panel) >= 3, `${color} as ${shown} on ${panel}`);
    }
  }
});

test('a colour that is legible stays as it is', () => {
  assert.equal(legibleOn('#ffffff', '#0a58ca'), '#0a58ca');
});
