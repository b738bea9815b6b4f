// Documents by their folders. Pure.

/** @typedef {{folders: Map<string, Folder>, documents: string[]}} Folder documents: whole names */

/**
 * The tree of documents.
 *
 * @param {readonly string[]} names in order
 * @returns {Folder}
 */
export function treeOf(names) {
  const root = newFolder();
  for (const name of names) {
    let folder = root;
    for (const part of name.split('/').slice(0, -1)) {
      const inner = folder.folders.get(part) ?? newFolder();
      folder.folders.set(part, inner);
      folder = inner;
    }
    folder.documents.push(name);
  }
  return root;
}

/** @returns {Folder} */
function newFolder() {
  return { folders: new Map(), documents: [] };
}
