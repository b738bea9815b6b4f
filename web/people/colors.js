// People's colours, made legible: the server names one for each person, and the page sees to it that
// it can be told from the paper in both colour schemes. Pure.

// What the text stands on: --paper in style.css.
const PAPER = { light: '#ffffff', dark: '#15181c' };
// So that text of the paper's colour can be read on it, which is more than a caret needs (3).
const CONTRAST = 4.5;
const STEPS = 50;

/** @typedef {[red: number, green: number, blue: number]} Rgb each 0 to 255 */

/**
 * A colour for style sheets that is legible on the paper, and below text of the paper's colour, in
 * light and in dark.
 *
 * @param {string} color as #rrggbb
 */
export function legible(color) {
  return `light-dark(${legibleOn(PAPER.light, color)}, ${legibleOn(PAPER.dark, color)})`;
}

/**
 * The colour, made as much darker or lighter as it takes.
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

/** As WCAG 2.2 defines it, 1 to 21. @param {string} one @param {string} other */
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
