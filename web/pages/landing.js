// The landing page: create a document, open one by name, or one of the recent ones.

import { byId } from '../ui/dom.js';
import { nearestName, newName, problemOf } from '../ui/names.js';
import { showRecent } from '../ui/recent.js';

const ASK_AFTER_MS = 200;
// An answer that comes sooner needs no progress message.
const SAY_AFTER_MS = 500;
const ASK_AGAIN_MS = 3_000;

const field = byId('name', HTMLInputElement);
const answer = byId('answer', HTMLOutputElement);
const go = byId('go', HTMLButtonElement);
const nearest = byId('nearest', HTMLButtonElement);

byId('new', HTMLButtonElement).onclick = () => open(newName());
byId('clone', HTMLElement).textContent =
  `git clone ${location.origin}/NAME.git -c remote.origin.push=HEAD:refs/for/master`;

/** @param {string} name */
function open(name) {
  location.href = `/d/${name}`;
}

byId('by-name', HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const problem = problemOf(wish());
  if (problem === null) open(wish());
  else showProblem(problem);
};

field.oninput = () => {
  clearTimeout(timer);
  const problem = problemOf(wish());
  if (wish() === '') show('', 'Open');
  else if (problem) showProblem(problem);
  else askSoon(ASK_AFTER_MS);
};

nearest.onclick = () => {
  field.value = nearestName(wish()) ?? '';
  field.focus();
  askSoon(0);
};

addEventListener('online', () => askSoon(0));

function wish() {
  return field.value.trim();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {number} waitMs */
function askSoon(waitMs) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(wish()), waitMs);
}

/** @param {string} name */
async function ask(name) {
  if (problemOf(name) !== null) return;
  const waiting = setTimeout(() => show(`Looking for “${name}”…`, 'Open'), SAY_AFTER_MS);
  const reply = await fetch(`/api/documents/${name}`).catch(() => null);
  clearTimeout(waiting);
  if (wish() !== name) return;
  if (reply?.ok) show(`“${name}” already exists.`, 'Open');
  else if (reply?.status === 404) show(`“${name}” doesn’t exist yet.`, 'Create');
  else {
    show('Can’t reach the server. Retrying…', 'Open');
    askSoon(ASK_AGAIN_MS);
  }
}

/** @param {string} problem */
function showProblem(problem) {
  show(problem, 'Open');
  if (wish() === '') return;
  field.ariaInvalid = 'true';
  const name = nearestName(wish());
  nearest.hidden = name === null;
  nearest.textContent = `Use “${name}”`;
}

/** @param {string} text @param {string} action */
function show(text, action) {
  if (answer.textContent !== text) answer.textContent = text;
  go.textContent = action;
  field.ariaInvalid = null;
  nearest.hidden = true;
}

showRecent();
addEventListener('pageshow', showRecent);
addEventListener('storage', showRecent);
