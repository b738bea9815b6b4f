// Several names in a sentence.

const FORMAT = new Intl.ListFormat('en-GB'); // without a comma before the "and"

/** "Ann, Bo and Cy". @param {readonly string[]} names */
export function listed(names) {
  return FORMAT.format(names);
}
