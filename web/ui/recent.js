// The list of documents opened in this browser. Each can be removed from it, and restored.

import { byId } from './dom.js';
import { ago, fullDate } from './phrases.js';
import { forget, putBack, recentDocuments } from './storage.js';

/** @typedef {import('./storage.js').Recent} Recent */

export function showRecent() {
  const recent = recentDocuments();
  byId('no-recent', HTMLElement).hidden = recent.length > 0;
  byId('recent-list', HTMLUListElement).replaceChildren(...recent.map(item));
}

/** @param {Recent} recent */
function item(recent) {
  const link = document.createElement('a');
  link.href = `/d/${recent.name}`;
  link.textContent = recent.name;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Remove';
  button.ariaLabel = `Remove ${recent.name} from this list`;
  button.onclick = () => remove(recent);
  const row = document.createElement('li');
  row.append(link, timeOf(recent.seen), button);
  return row;
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
  showRecent();
  const undo = byId('put-back', HTMLButtonElement);
  byId('removed-name', HTMLElement).textContent =
    `Removed “${recent.name}” from this list. The document itself wasn’t deleted.`;
  undo.hidden = false;
  undo.onclick = () => restore(recent);
  undo.focus(); // the button that had the focus is gone
}

/** @param {Recent} recent */
function restore(recent) {
  putBack(recent);
  showRecent();
  byId('removed-name', HTMLElement).textContent = '';
  byId('put-back', HTMLButtonElement).hidden = true;
  const links = byId('recent-list', HTMLUListElement).querySelectorAll('a');
  Array.from(links)
    .find((link) => link.textContent === recent.name)
    ?.focus();
}
