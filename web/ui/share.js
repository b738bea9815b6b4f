// The Share popover: the address of the page, which is the permission; the command that clones the
// document; and a second window, to see what it is like with two.

import { byId, copyFrom } from './dom.js';

// With this a plain `git push` is merged, however old its base is; docs/git.md.
const MERGED = '-c remote.origin.push=HEAD:refs/for/master';
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** @param {string} name of the document @param {(sentence: string) => void} said */
export function share(name, said) {
  const link = location.origin + location.pathname;
  offer('share-link', 'copy-link', link, said);
  offer('share-clone', 'copy-clone', `git clone ${location.origin}/${name}.git ${MERGED}`, said);
  byId('share-local', HTMLElement).hidden = !LOCAL.includes(location.hostname);
  byId('second-window', HTMLButtonElement).onclick = () => openBeside(link);
  offerToSend(name, link);
}

/**
 * @param {string} fieldId
 * @param {string} buttonId
 * @param {string} text
 * @param {(sentence: string) => void} said
 */
function offer(fieldId, buttonId, text, said) {
  const field = byId(fieldId, HTMLInputElement);
  const button = byId(buttonId, HTMLButtonElement);
  field.value = text;
  field.onfocus = () => field.select();
  button.onclick = async () => {
    const isCopied = await copyFrom(field);
    said(isCopied ? 'Copied.' : 'Press Ctrl+C (⌘C) to copy.');
    button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
  };
}

/** With what the device has to share, where it has. @param {string} title @param {string} url */
function offerToSend(title, url) {
  const button = byId('share-native', HTMLButtonElement);
  button.hidden = !navigator.share;
  button.onclick = () => navigator.share({ title, url }).catch(() => {}); // thought better of it
}

/** Half as wide as the screen; without a tie, so that it is a window like any other. @param {string} link */
function openBeside(link) {
  const { availWidth, availHeight } = screen;
  open(link, '', `popup,noopener,width=${Math.round(availWidth / 2)},height=${availHeight}`);
}
