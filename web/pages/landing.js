// The landing page: create a document, open one by its name or link, or one of the recent ones.

import { OfflineLink } from '../offline/offline_link.js';
import { say } from '../text/say.js';
import { offerAll } from '../ui/all_documents.js';
import { Beginning } from '../ui/beginning.js';
import { byId } from '../ui/dom.js';
import { nearestName, problemOf } from '../ui/names.js';
import { newName } from '../ui/new_name.js';
import { showRecent } from '../ui/recent.js';

const ASK_AFTER_MS = 200;
// An answer that comes sooner needs no progress message.
const SAY_AFTER_MS = 500;
const ASK_AGAIN_MS = 3_000;

const field = byId('name', HTMLInputElement);
const answer = byId('answer', HTMLOutputElement);
const go = byId('go', HTMLButtonElement);
const nearest = byId('nearest', HTMLButtonElement);

const beginning = new Beginning();

byId('new', HTMLButtonElement).onclick = () => create(newName());
byId('clone', HTMLElement).textContent =
  `git clone ${new URL('NAME.git', location.href)} -c remote.origin.push=HEAD:refs/for/master`;

/** Open a document; one that does not exist begins with what was chosen. @param {string} name */
async function create(name) {
  const problem = await beginning.write(name);
  if (problem) showProblem(problem);
  else location.href = `d/${name}`;
}

byId('by-name', HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const problem = problemOf(wish());
  const link = linkIn(field.value);
  if (link) location.href = link;
  else if (problem === null) create(wish());
  else showProblem(problem);
};

field.oninput = () => {
  clearTimeout(timer);
  const problem = problemOf(wish());
  if (wish() === '' || linkIn(field.value)) show('', 'open');
  else if (problem) showProblem(problem);
  else askSoon(ASK_AFTER_MS);
};

nearest.onclick = () => {
  field.value = nearestName(wish()) ?? '';
  field.focus();
  askSoon(0);
};

addEventListener('online', () => askSoon(0));

/** The name in the field, also if it is a link to a document of this server. */
function wish() {
  const link = linkIn(field.value);
  const here = new URL('d/', location.href).href;
  return link?.startsWith(here) ? link.slice(here.length) : field.value.trim();
}

/** The field's value if it is a link to a document, here or on another server. @param {string} value */
function linkIn(value) {
  const words = value.trim();
  const address = /^[\w.-]+(:\d+)?(\/[\w.~-]+)*\/d\//.test(words)
    ? `${location.protocol}//${words}`
    : words;
  const url = URL.canParse(address) ? new URL(address) : null;
  return url && /^https?:$/.test(url.protocol) && url.pathname.includes('/d/') ? url.href : null;
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
  const waiting = setTimeout(() => show(say('looking', { name }), 'open'), SAY_AFTER_MS);
  const reply = await fetch(`api/documents/${name}`).catch(() => null);
  clearTimeout(waiting);
  const { error, may_create: mayCreate } = Object(await reply?.json().catch(() => null));
  if (wish() !== name) return;
  if (reply?.ok) show(say('exists', { name }), 'open');
  else if (mayCreate) show(say('isNew', { name }), 'create');
  else if (reply?.status === 401) show(say('accessEnded'), 'open');
  else if (reply?.status === 404) show(error, 'open');
  else {
    show(say('unreachable'), 'open');
    askSoon(ASK_AGAIN_MS);
  }
}

/** @param {string} problem */
function showProblem(problem) {
  show(problem, 'open');
  if (wish() === '') return;
  field.ariaInvalid = 'true';
  const name = nearestName(wish());
  nearest.hidden = name === null;
  nearest.textContent = say('useName', { name: name ?? '' });
}

/** @param {string} text @param {'open' | 'create'} action */
function show(text, action) {
  if (answer.textContent !== text) answer.textContent = text;
  go.textContent = say(action);
  field.ariaInvalid = null;
  nearest.hidden = true;
}

/** Begin a name. @param {string} folder '' or a folder's name and a slash */
function nameIn(folder) {
  field.value = folder;
  field.focus();
  show('', 'open');
}

offerAll(nameIn);
beginning.offer();
if (beginning.from) nameIn(beginning.from.replace(/[^/]*$/, ''));
showRecent();
addEventListener('pageshow', showRecent);
addEventListener('storage', showRecent);

const offline = new OfflineLink();
addEventListener('recentremoved', () => offline.recentChanged());
offline.begin();
