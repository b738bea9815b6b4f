// Credits added words to those who changed something between the two texts. Words are compared as a
// whole: one that was only corrected has most of its letters from whoever wrote it first, and counts as
// theirs. Pure.

/** @typedef {import('./changes.js').Run} Run */
/** @typedef {{name: string}} Named */

/**
 * The runs with every added one credited to an author who changed something: in the same change, or
 * anywhere if there is only one; otherwise to none.
 *
 * @template {Named} A
 * @param {readonly Run[]} runs
 * @param {readonly A[]} authors of the runs
 * @param {readonly A[] | null} changers who changed something; null if that is not known
 * @returns {{runs: Run[], authors: readonly A[]}}
 */
export function credited(runs, authors, changers) {
  if (changers === null) return { runs: [...runs], authors };
  const isAmong = (/** @type {readonly Named[]} */ all, /** @type {Named | undefined} */ one) =>
    all.some(({ name }) => name === one?.name);
  const everybody = [...authors, ...changers.filter((changer) => !isAmong(authors, changer))];
  const names = new Set(changers.map(({ name }) => name));
  const only = names.size === 1 ? everybody.findIndex(({ name }) => names.has(name)) : null;
  const hasChanged = (/** @type {number} */ index) => isAmong(changers, authors[index]);
  /** @type {Run[]} */
  const result = [];
  for (let from = 0; from < runs.length; ) {
    let end = from;
    while (isChange(runs[end])) end++;
    if (end === from) result.push(/** @type {Run} */ (runs[end++]));
    else for (const run of ofChange(runs.slice(from, end), hasChanged, only)) add(result, run);
    from = end;
  }
  return { runs: result, authors: everybody };
}

/** @param {Run | undefined} run */
function isChange(run) {
  return run?.[0] === 'added' || run?.[0] === 'removed';
}

/**
 * @param {readonly Run[]} runs of one change
 * @param {(author: number) => boolean} hasChanged
 * @param {number | null} otherwise the author if none of them has
 * @returns {Run[]}
 */
function ofChange(runs, hasChanged, otherwise) {
  const authors = runs.map((run) => (run[0] === 'added' ? (run[2] ?? -1) : -1));
  return runs.map((run, index) => {
    if (run[0] !== 'added' || hasChanged(authors[index] ?? -1)) return run;
    const before = authors.slice(0, index).findLast(hasChanged);
    const author = before ?? authors.slice(index).find(hasChanged) ?? otherwise;
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
