// The settings: their names, defaults, allowed values and stored form. Pure. What is read back is
// always complete and valid, even if an older or newer page wrote it.

/**
 * @typedef {object} Values
 * @property {'off' | 'important' | 'all'} announcements what is announced to screen readers
 * @property {'moves' | 'inserts'} tab what the Tab key does in the text
 * @property {boolean} spelling whether the browser marks spelling
 * @property {'fixed' | 'proportional'} font
 * @property {'small' | 'medium' | 'large' | 'huge'} size
 * @property {boolean} wrap whether long lines wrap
 * @property {boolean} lines whether lines have numbers
 * @property {boolean} authors whether stripes beside the lines show who wrote them
 * @property {'system' | 'light' | 'dark'} scheme
 */

/** @type {Readonly<Values>} */
export const DEFAULTS = Object.freeze({
  announcements: 'important',
  tab: 'moves',
  spelling: true,
  font: 'fixed',
  size: 'medium',
  wrap: true,
  lines: false,
  authors: false,
  scheme: 'system',
});

/** @type {Record<keyof Values, readonly unknown[]>} */
const ALLOWED = {
  announcements: ['off', 'important', 'all'],
  tab: ['moves', 'inserts'],
  spelling: [true, false],
  font: ['fixed', 'proportional'],
  size: ['small', 'medium', 'large', 'huge'],
  wrap: [true, false],
  lines: [true, false],
  authors: [true, false],
  scheme: ['system', 'light', 'dark'],
};

/** @param {string | null} stored @returns {Values} */
export function readValues(stored) {
  return { ...DEFAULTS, ...valid(parsed(stored)) };
}

/**
 * The stored form: only what differs from the defaults, so that users who never chose get new ones.
 *
 * @param {Values} values
 */
export function writeValues(values) {
  const changed = Object.entries(values).filter(
    ([name, value]) => value !== DEFAULTS[/** @type {keyof Values} */ (name)],
  );
  return JSON.stringify(Object.fromEntries(changed));
}

/**
 * The values with one changed, or unchanged if there is no such setting or value.
 *
 * @param {Values} values
 * @param {string} name
 * @param {unknown} value
 * @returns {Values}
 */
export function withValue(values, name, value) {
  return { ...values, ...valid({ [name]: value }) };
}

/** @param {Record<string, unknown>} wanted @returns {Partial<Values>} */
function valid(wanted) {
  return Object.fromEntries(
    Object.entries(ALLOWED)
      .filter(([name, allowed]) => Object.hasOwn(wanted, name) && allowed.includes(wanted[name]))
      .map(([name]) => [name, wanted[name]]),
  );
}

/** @param {string | null} stored @returns {Record<string, unknown>} */
function parsed(stored) {
  try {
    return Object(JSON.parse(stored ?? '{}'));
  } catch {
    return {};
  }
}
