// The Share popover: the address of the page, and the command that clones the document.

import { byId, copyFrom } from './dom.js';

/** @param {string} name of the document @param {(sentence: string) => void} said */
export function share(name, said) {
  const clone = `git clone ${location.origin}/${name}.git`;
  offer('share-link', 'copy-link', location.origin + location.pathname, said);
  offer('share-clone', 'copy-clone', clone, said);
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
    said(isCopied ? 'Copied.' : 'Press Ctrl+C to copy.');
    button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
  };
}
