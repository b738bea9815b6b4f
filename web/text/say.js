// Sentences with their values filled in. Pure.

import { SENTENCES } from './sentences.js';

/** @typedef {keyof typeof SENTENCES} SentenceName */

const LANGUAGE = 'en';
const plurals = new Intl.PluralRules(LANGUAGE);

/**
 * The sentence with this name.
 *
 * @param {SentenceName} name
 * @param {Record<string, string | number>} [values] for its placeholders; `count` chooses the plural
 */
export function say(name, values = {}) {
  /** @type {string | {one: string, other: string}} */
  const forms = SENTENCES[name];
  const form =
    typeof forms === 'string'
      ? forms
      : forms[/** @type {'one' | 'other'} */ (plurals.select(Number(values.count)))];
  return form.replace(/\{(\w+)\}/g, (_, key) => {
    const value = values[key] ?? '';
    return typeof value === 'number' ? value.toLocaleString(LANGUAGE) : value;
  });
}
