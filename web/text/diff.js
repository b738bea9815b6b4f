// The shortest edit script between two lists of tokens (Myers, "An O(ND) Difference Algorithm",
// 1986), and the tokens: lines, and words within lines.
//
// Offsets are UTF-16. Nothing here knows about splices, messages or the page.

/** @typedef {{start: number, end: number, newStart: number, newEnd: number}} Change */

// With more differences than this the whole range counts as rewritten, to bound the time.
const DIFFERENCES_MAX = 800;

// Scripts written without spaces between words: each character counts as a word.
const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}' +
  '\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const LETTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])`;
const CLUSTER =
  '[^][\\p{M}\\u200d\\ufe0f\\u{1f3fb}-\\u{1f3ff}]*(?:(?<=\\u200d)[^][\\p{M}\\ufe0f]*)*';
const TOKEN = new RegExp(
  `\\s+|\\p{N}+(?:[.,:/-]\\p{N}+)+|${LETTER}+(?:['’]${LETTER}+)*|${CLUSTER}`,
  'gu',
);
const WORD_CHARACTER = new RegExp(`^(?![${UNSPACED}])\\S$`, 'u');
const EXTENDS = /^(?:\p{M}|\u200d|\p{Emoji_Modifier})$/u;
const REGIONAL = /^[\u{1f1e6}-\u{1f1ff}]$/u;

/** Split after each LF. @param {string} text */
export function lines(text) {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Split into words, numbers, punctuation and whitespace. @param {string} text */
export function words(text) {
  return text.match(TOKEN) ?? [];
}

/**
 * Whether a character may be part of a longer word: any visible one, except in scripts without
 * spaces between words.
 *
 * @param {string} character one code point
 */
export function isWordCharacter(character) {
  return WORD_CHARACTER.test(character);
}

/**
 * Whether an offset is a boundary between grapheme clusters.
 *
 * @param {string} text
 * @param {number} offset
 */
export function isBoundary(text, offset) {
  if (offset <= 0 || offset >= text.length) return true;
  const before = text.charCodeAt(offset - 1);
  const here = text.charCodeAt(offset);
  if (before < 0x300 && here < 0x300) return !(before === 13 && here === 10);
  if (here >= 0xdc00 && here <= 0xdfff && before >= 0xd800 && before <= 0xdbff) return false;
  const next = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const last = characterBefore(text, offset);
  return !(EXTENDS.test(next) || last === '\u200d' || (REGIONAL.test(last) && REGIONAL.test(next)));
}

/** The code point before an offset. @param {string} text @param {number} offset */
export function characterBefore(text, offset) {
  const low = text.charCodeAt(offset - 1);
  const paired = low >= 0xdc00 && low <= 0xdfff && offset >= 2;
  return String.fromCodePoint(text.codePointAt(offset - (paired ? 2 : 1)) ?? 0);
}

/**
 * The changes in order, separated by at least one unchanged token.
 *
 * @param {readonly string[]} before
 * @param {readonly string[]} after
 * @returns {Change[]}
 */
export function diff(before, after) {
  let prefix = 0;
  const shorter = Math.min(before.length, after.length);
  while (prefix < shorter && before[prefix] === after[prefix]) prefix++;
  let suffix = 0;
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++;
  const changes = shortest(
    before.slice(prefix, before.length - suffix),
    after.slice(prefix, after.length - suffix),
  );
  return changes.map((change) => ({
    start: change.start + prefix,
    end: change.end + prefix,
    newStart: change.newStart + prefix,
    newEnd: change.newEnd + prefix,
  }));
}

/**
 * @param {readonly string[]} before
 * @param {readonly string[]} after
 * @returns {Change[]}
 */
function shortest(before, after) {
  const whole = { start: 0, end: before.length, newStart: 0, newEnd: after.length };
  if (before.length === 0 && after.length === 0) return [];
  if (before.length === 0 || after.length === 0) return [whole];
  const trace = forward(before, after);
  return trace ? backward(trace, before.length, after.length) : [whole];
}

/**
 * The furthest x on each diagonal (x - y), for each number of differences.
 *
 * @param {readonly string[]} before
 * @param {readonly string[]} after
 * @returns {Int32Array[] | null} null if they differ too much
 */
function forward(before, after) {
  const most = Math.min(before.length + after.length, DIFFERENCES_MAX);
  const trace = [];
  let reach = new Int32Array(3);
  for (let d = 0; d <= most; d++) {
    const next = new Int32Array(2 * d + 3);
    for (let k = -d; k <= d; k += 2) {
      let x = d === 0 ? 0 : step(reach, d - 1, k).x;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++;
      next[k + d] = x;
      if (x >= before.length && x - k >= after.length) return [...trace, next];
    }
    trace.push(next);
    reach = next;
  }
  return null;
}

/**
 * The better of the two steps onto diagonal k: down from k + 1, or right from k - 1.
 *
 * @param {Int32Array} reach with d differences
 * @param {number} d
 * @param {number} k
 */
function step(reach, d, k) {
  const right = k - 1 >= -d ? (reach[k - 1 + d] ?? 0) + 1 : -1;
  const down = k + 1 <= d ? (reach[k + 1 + d] ?? 0) : -1;
  return right > down ? { x: right, from: k - 1 } : { x: down, from: k + 1 };
}

/**
 * @param {Int32Array[]} trace
 * @param {number} x
 * @param {number} y
 * @returns {Change[]}
 */
function backward(trace, x, y) {
  /** @type {Change[]} */
  const changes = [];
  for (let d = trace.length - 1; d > 0; d--) {
    const { x: landed, from } = step(/** @type {Int32Array} */ (trace[d - 1]), d - 1, x - y);
    const landedY = landed - (x - y);
    const previous = from > x - y ? { x: landed, y: landedY - 1 } : { x: landed - 1, y: landedY };
    const last = changes[0];
    if (last && last.start === landed && last.newStart === landedY) {
      last.start = previous.x;
      last.newStart = previous.y;
    } else {
      changes.unshift({ start: previous.x, end: landed, newStart: previous.y, newEnd: landedY });
    }
    x = previous.x;
    y = previous.y;
  }
  return changes;
}
