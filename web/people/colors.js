// People's colours, made legible: the server assigns one to each person, and the page adapts it to
// the background of both colour schemes. Pure.

// The background of the text: --paper in style.css.
const PAPER = { light: '#ffffff', dark: '#14171b' };
// Enough for text in the background's colour on it; a caret alone would need 3.
const CONTRAST = 4.5;
const STEPS = 50;

/** @typedef {[red: number, green: number, blue: number]} Rgb each 0 to 255 */

/** @type {Map<string, string>} the server has few colours, and each takes a quarter of a millisecond */
const legibles = new Map();

/**
 * A CSS colour that is legible on the background, and as a background of text in the paper's colour,
 * in the light and the dark scheme.
 *
 * @param {string} color as #rrggbb
 */
export function legible(color) {
  const known = legibles.get(color);
  if (known !== undefined) return known;
  const found = `light-dark(${legibleOn(PAPER.light, color)}, ${legibleOn(PAPER.dark, color)})`;
  legibles.set(color, found);
  return found;
}

/**
 * The colour, darkened or lightened until it is legible.
 *
 * @param {string} paper
 * @param {string} color
 */
export function legibleOn(paper, color) {
  const from = rgbOf(color);
  const end = luminance(rgbOf(paper)) > 0.18 ? 0 : 255;
  for (let step = 0; step < STEPS; step++) {
    const mixed = from.map((value) => Math.round(value + ((end - value) * step) / STEPS));
    const hex = hexOf(/** @type {Rgb} */ (mixed));
    if (contrast(hex, paper) >= CONTRAST) return hex;
  }
  return hexOf([end, end, end]);
}

/** The contrast ratio of WCAG 2.2, from 1 to 21. @param {string} one @param {string} other */
export function contrast(one, other) {
  const [a, b] = [luminance(rgbOf(one)), luminance(rgbOf(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** @param {string} color @returns {Rgb} */
function rgbOf(color) {
  const [, red = '80', green = '80', blue = '80'] =
    /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color) ?? [];
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}

/** @param {Rgb} rgb */
function hexOf(rgb) {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** @param {Rgb} rgb */
function luminance(rgb) {
  const [red, green, blue] = /** @type {Rgb} */ (
    rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    })
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
