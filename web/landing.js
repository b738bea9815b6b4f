// The landing page: a new document, one by its name, and those this browser has seen.

import { byId } from './dom.js';
import { newName, problemOf } from './names.js';
import { forget, recentDocuments } from './storage.js';

const ASK_AFTER_MS = 200;

const field = byId('name', HTMLInputElement);
const answer = byId('answer', HTMLOutputElement);
const go = byId('go', HTMLButtonElement);

byId('new', HTMLButtonElement).onclick = () => open(newName());
byId('clone', HTMLElement).textContent = `git clone ${location.origin}/NAME.git`;

/** @param {string} name */
function open(name) {
  location.href = `/d/${name}`;
}

byId('by-name', HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const name = field.value.trim();
  const problem = problemOf(name);
  if (problem === null) open(name);
  else show(problem, 'Open', false);
};

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
field.oninput = () => {
  clearTimeout(timer);
  const name = field.value.trim();
  const problem = problemOf(name);
  if (name === '') show('', 'Open', true);
  else if (problem) show(problem, 'Open', false);
  else timer = setTimeout(() => ask(name), ASK_AFTER_MS);
};

/** @param {string} name */
async function ask(name) {
  const reply = await fetch(`/api/documents/${name}`).catch(() => null);
  if (field.value.trim() !== name) return;
  if (reply?.ok) show(`“${name}” exists.`, 'Open', true);
  else if (reply?.status === 404) show(`“${name}” is new.`, 'Create', true);
  else show('', 'Open', true);
}

/** @param {string} text @param {string} action @param {boolean} isValid */
function show(text, action, isValid) {
  answer.textContent = text;
  go.textContent = action;
  field.ariaInvalid = isValid ? null : 'true';
}

function showRecent() {
  const recent = recentDocuments();
  byId('recent', HTMLElement).hidden = recent.length === 0;
  byId('recent-list', HTMLUListElement).replaceChildren(
    ...recent.map(({ name, seen }) => item(name, seen)),
  );
}

/** @param {string} name @param {number} seen */
function item(name, seen) {
  const link = document.createElement('a');
  link.href = `/d/${name}`;
  link.textContent = name;
  const time = document.createElement('time');
  time.textContent = new Date(seen).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.textContent = 'Remove';
  remove.ariaLabel = `Remove ${name} from this list`;
  remove.onclick = () => {
    forget(name);
    showRecent();
  };
  const row = document.createElement('li');
  row.append(link, time, remove);
  return row;
}

showRecent();
addEventListener('pageshow', showRecent);
