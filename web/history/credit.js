// Credits added words to those who changed something between the two texts. Words are compared as a
// whole, but each letter has its own author: of a word that was only corrected, most letters are still
// those of whoever wrote it first. Pure.

/** @typedef {import('./changes.js').Run} Run */

/**
 * The runs with every added one credited to somebody who changed something, if anybody in the same
 * change is.
 *
 * @param {readonly Run[]} runs
 * @param {(author: number) => boolean} hasChanged
 * @returns {Run[]}
 */
export function credited(runs, hasChanged) {
  /** @type {Run[]} */
  const result = [];
  for (let from = 0; from < runs.length; ) {
    let end = from;
    while (isChange(runs[end])) end++;
    if (end === from) result.push(/** @type {Run} */ (runs[end++]));
    else for (const run of ofChange(runs.slice(from, end), hasChanged)) add(result, run);
    from = end;
  }
  return result;
}

/** @param {Run | undefined} run */
function isChange(run) {
  return run?.[0] === 'added' || run?.[0] === 'removed';
}

/** @param {readonly Run[]} runs of one change @param {(author: number) => boolean} hasChanged @returns {Run[]} */
function ofChange(runs, hasChanged) {
  const authors = runs.map((run) => (run[0] === 'added' ? (run[2] ?? -1) : -1));
  const isCredited = (/** @type {number | undefined} */ it) => it !== undefined && hasChanged(it);
  return runs.map((run, index) => {
    if (run[0] !== 'added' || isCredited(authors[index])) return run;
    const before = authors.slice(0, index).findLast(isCredited);
    const author = before ?? authors.slice(index).find(isCredited) ?? run[2];
    return ['added', run[1], author];
  });
}

/** Add a run, joined with the last one if that is of the same author. @param {Run[]} runs @param {Run} run */
function add(runs, run) {
  const last = runs.at(-1);
  const isMore = last?.[0] === 'added' && run[0] === 'added' && last[2] === run[2];
  if (isMore) runs[runs.length - 1] = ['added', last[1] + run[1], run[2]];
  else runs.push(run);
}
