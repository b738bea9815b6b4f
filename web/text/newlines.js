// Counts line breaks. Pure.

/** @param {string} text */
export function newlinesIn(text) {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
