// The outline: the headings of a shown text, as links to them.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';

/**
 * Show the outline.
 *
 * @param {readonly HTMLElement[]} headings
 * @param {(id: string) => void} follow go to a heading
 */
export function showOutline(headings, follow) {
  const list = byId('sheet-headings', HTMLElement);
  const entries = headings.map(({ id, localName, textContent }) => ({
    id,
    level: localName.slice(1),
    words: textContent?.trim() || say('untitled'),
  }));
  const looks = JSON.stringify(entries);
  byId('sheet-outline', HTMLElement).hidden = entries.length === 0;
  if (looks === list.dataset.looks) return;
  list.dataset.looks = looks;
  list.replaceChildren(
    ...entries.map(({ id, level, words }) => {
      const [item, link] = [document.createElement('li'), document.createElement('a')];
      item.dataset.level = level;
      link.href = `#${encodeURIComponent(id)}`;
      link.textContent = words;
      link.onclick = (event) => {
        event.preventDefault();
        follow(id);
      };
      item.append(link);
      return item;
    }),
  );
}
