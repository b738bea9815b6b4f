// The page that the service worker shows where there is nothing else to show without a connection: it
// lists the documents that open.

import { KeptTexts } from '../offline/kept_texts.js';
import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { ago, fullDate } from '../ui/phrases.js';

const root = new URL('../../', import.meta.url);

/** @param {import('../offline/kept_texts.js').Kept} kept */
function item({ document: name, title, seenMs }) {
  const [link, words, small] = [make('a'), make('span'), make('small')];
  link.href = new URL(`d/${name}`, root).href;
  words.textContent = title || say('untitled');
  small.textContent = name;
  link.append(words, small);
  const time = make('time');
  time.dateTime = new Date(seenMs).toISOString();
  time.textContent = ago(seenMs, Date.now());
  time.title = fullDate(seenMs);
  const row = make('li');
  row.append(link, time);
  return row;
}

/** @template {keyof HTMLElementTagNameMap} T @param {T} kind */
function make(kind) {
  return document.createElement(kind);
}

async function showKept() {
  const all = await new KeptTexts(root.pathname).all();
  byId('no-recent', HTMLElement).hidden = all.length > 0;
  byId('recent-list', HTMLUListElement).replaceChildren(...all.map(item));
}

byId('again', HTMLButtonElement).onclick = () => location.reload();
addEventListener('online', () => location.reload());
showKept();
