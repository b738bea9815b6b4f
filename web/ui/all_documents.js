// All documents of the server that the user may see, as a tree of folders; loaded when it is opened.

import { say } from '../text/say.js';
import { answerOf, sentenceOf } from './answers.js';
import { byId, link, setText } from './dom.js';
import { treeOf } from './tree.js';

/** @typedef {import('./tree.js').Folder} Folder */

const ROWS = 200; // at once, of one folder
const OPEN = 'gollabedit.all';

/** Offer the tree. @param {(folder: string) => void} begin begin a new document in a folder */
export function offerAll(begin) {
  const all = byId('all', HTMLDetailsElement);
  all.ontoggle = () => {
    attempt(() => localStorage.setItem(OPEN, String(all.open)));
    if (all.open) load(begin);
  };
  attempt(() => {
    if (localStorage.getItem(OPEN) === 'true') all.open = true;
  });
}

/** @param {() => void} action which fails if storage is switched off */
function attempt(action) {
  try {
    action();
  } catch {
    // it is not remembered then
  }
}

/** @param {(folder: string) => void} begin */
async function load(begin) {
  const list = byId('all-list', HTMLUListElement);
  if (!list.children.length) setText('all-note', say('loading'));
  try {
    const found = await answerOf(fetch('api/documents', { cache: 'no-store' }));
    const names = found.documents.map((/** @type {{document: string}} */ it) => it.document);
    fill(list, rowsOf(treeOf(names), '', begin));
    const note = names.length ? '' : say('allNone');
    setText('all-note', found.more ? say('allSome', { count: names.length }) : note);
  } catch (problem) {
    setText('all-note', sentenceOf(problem));
  }
}

/**
 * What makes the rows of a folder: those of inner folders first.
 *
 * @param {Folder} folder
 * @param {string} path '' or the folder's name and a slash
 * @param {(folder: string) => void} begin
 * @returns {(() => HTMLLIElement)[]}
 */
function rowsOf({ folders, documents }, path, begin) {
  return [
    ...(path ? [() => toolsOf(path, begin)] : []),
    ...Array.from(
      folders,
      ([name, inner]) =>
        () =>
          folderRow(name, inner, path, begin),
    ),
    ...documents.map((name) => () => row(link(`d/${name}`, name.slice(path.length)))),
  ];
}

/** @param {HTMLUListElement} list @param {(() => HTMLLIElement)[]} rows */
function fill(list, rows) {
  list.replaceChildren(...rows.slice(0, ROWS).map((make) => make()));
  offerMore(list, rows.slice(ROWS));
}

/** @param {HTMLUListElement} list @param {(() => HTMLLIElement)[]} rest */
function offerMore(list, rest) {
  if (!rest.length) return;
  const more = button(say('allMore', { count: rest.length }), () => {
    const rows = rest.slice(0, ROWS).map((make) => make());
    last.replaceWith(...rows);
    offerMore(list, rest.slice(ROWS));
    rows[0]?.querySelector('a')?.focus(); // the button that had the focus is gone
  });
  const last = row(more);
  list.append(last);
}

/** @param {string} name @param {Folder} inner @param {string} path @param {(folder: string) => void} begin */
function folderRow(name, inner, path, begin) {
  const [details, summary, list] = [
    document.createElement('details'),
    document.createElement('summary'),
    document.createElement('ul'),
  ];
  summary.textContent = `${name}/`;
  details.append(summary, list);
  details.ontoggle = () => {
    if (!list.children.length) fill(list, rowsOf(inner, `${path}${name}/`, begin));
  };
  return row(details);
}

/** @param {string} path @param {(folder: string) => void} begin */
function toolsOf(path, begin) {
  const made = row(link(`search?under=${encodeURIComponent(path)}`, say('searchHere')));
  made.className = 'tools';
  if (!byId('new', HTMLElement).hidden) made.append(button(say('newHere'), () => begin(path)));
  return made;
}

/** @param {HTMLElement} content */
function row(content) {
  const made = document.createElement('li');
  made.append(content);
  return made;
}

/** @param {string} label @param {() => void} action */
function button(label, action) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'bare';
  made.textContent = label;
  made.onclick = action;
  return made;
}
