// The list of documents opened in this browser, by their titles. Each can be removed from it, and
// restored.

import { say } from '../text/say.js';
import { byId, setText } from './dom.js';
import { ago, fullDate } from './phrases.js';
import { forget, putBack, recentDocuments } from './storage.js';

/** @typedef {import('./storage.js').Recent} Recent */

const CROSS =
  '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg>';

export function showRecent() {
  const recent = recentDocuments();
  byId('no-recent', HTMLElement).hidden = recent.length > 0;
  byId('recent-list', HTMLUListElement).replaceChildren(...recent.map(item));
}

/** @param {Recent} recent */
function item(recent) {
  const link = document.createElement('a');
  link.href = addressOf(recent);
  const [title, name] = [document.createElement('span'), document.createElement('small')];
  title.textContent = titleOf(recent);
  name.textContent = recent.name;
  link.append(title, name);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'bare square';
  button.innerHTML = CROSS;
  button.ariaLabel = say('removeRecent', { title: titleOf(recent) });
  button.title = button.ariaLabel;
  button.onclick = () => remove(recent);
  const row = document.createElement('li');
  row.append(link, timeOf(recent.seen), button);
  return row;
}

/** @param {Recent} recent */
function addressOf({ name }) {
  return `d/${name}`;
}

/** @param {Recent} recent */
function titleOf({ title, name }) {
  if (title === undefined) return name; // remembered by an older page
  return title || say('untitled');
}

/** @param {number} seenMs */
function timeOf(seenMs) {
  const time = document.createElement('time');
  time.dateTime = new Date(seenMs).toISOString();
  time.textContent = ago(seenMs, Date.now());
  time.title = fullDate(seenMs);
  return time;
}

/** Remove from the list only: the document stays. @param {Recent} recent */
function remove(recent) {
  forget(recent.name);
  dispatchEvent(new Event('recentremoved'));
  showRecent();
  const undo = byId('put-back', HTMLButtonElement);
  setText('removed-name', say('removed', { title: titleOf(recent) }));
  undo.hidden = false;
  undo.onclick = () => restore(recent);
  undo.focus(); // the button that had the focus is gone
}

/** @param {Recent} recent */
function restore(recent) {
  putBack(recent);
  showRecent();
  setText('removed-name', '');
  byId('put-back', HTMLButtonElement).hidden = true;
  const links = byId('recent-list', HTMLUListElement).querySelectorAll('a');
  Array.from(links)
    .find((link) => link.getAttribute('href') === addressOf(recent))
    ?.focus();
}
