// The page of a search in all documents: the lines that have the words, each a link to its place.

import { say } from '../text/say.js';
import { answerOf, sentenceOf } from '../ui/answers.js';
import { byId, link, setText } from '../ui/dom.js';

/** @typedef {{line: number, parts: string[]}} Line */
/** @typedef {{document: string, title: string, lines: Line[], more: number}} Hit */
/** @typedef {{documents: Hit[], searched: number, next: string | null}} Results */

// An answer that comes sooner needs no progress message.
const SAY_AFTER_MS = 500;

const { searchParams } = new URL(location.href);
/** The folder in which to search; '' for all. */
const folder = searchParams.get('under') ?? '';
const words = searchParams.get('q')?.trim() ?? '';
const field = byId('words', HTMLInputElement);
const results = byId('results', HTMLElement);
const more = byId('more', HTMLButtonElement);
const summary = { searched: 0, count: 0 };

field.value = words;
if (folder) {
  field.placeholder = field.ariaLabel = say('searchUnder', { folder });
  byId('under', HTMLInputElement).value = folder;
} else byId('under', HTMLInputElement).remove();
if (words) search('');
else field.focus();

/** Show what is found in the documents after one. @param {string} after */
async function search(after) {
  more.hidden = true;
  more.textContent = say('searchMore');
  const waiting = setTimeout(() => setText('summary', say('searching', { words })), SAY_AFTER_MS);
  const query = new URLSearchParams({ q: words, under: folder, after });
  try {
    show(await answerOf(fetch(`api/search?${query}`, { cache: 'no-store' })));
  } catch (problem) {
    setText('summary', sentenceOf(problem));
    offer(say('tryAgain'), after);
  } finally {
    clearTimeout(waiting);
  }
}

/** @param {Results} found */
function show({ documents, searched, next }) {
  summary.searched += searched;
  summary.count += documents.length;
  results.append(...documents.map(section));
  const { count } = summary;
  if (next !== null) {
    setText('summary', say('searchedSome', { words, count, searched: summary.searched }));
    offer(say('searchMore'), next);
    return;
  }
  setText('summary', say(count ? 'searchedAll' : 'searchedNone', { words, count }));
}

/** @param {string} label @param {string} after */
function offer(label, after) {
  more.textContent = label;
  more.hidden = false;
  more.onclick = () => search(after);
}

/** @param {Hit} hit */
function section({ document: name, title, lines, more: others }) {
  const [part, heading, small, list] = ['section', 'h2', 'small', 'ul'].map((kind) =>
    document.createElement(kind),
  );
  heading.append(link(`d/${name}`, title));
  small.textContent = name;
  list.append(...lines.map((line) => item(name, line)));
  part.append(heading, small, list);
  if (others) {
    const rest = document.createElement('p');
    rest.className = 'quiet';
    rest.textContent = say('moreLines', { count: others });
    part.append(rest);
  }
  return part;
}

/** @param {string} name @param {Line} line */
function item(name, { line, parts }) {
  const [row, number, text] = ['li', 'span', 'code'].map((kind) => document.createElement(kind));
  number.textContent = String(line);
  text.append(...parts.map((part, index) => (index % 2 ? mark(part) : part)));
  const place = link(`d/${name}#L${line}`, '');
  place.append(number, text);
  row.append(place);
  return row;
}

/** @param {string} match */
function mark(match) {
  const marked = document.createElement('mark');
  marked.textContent = match;
  return marked;
}
