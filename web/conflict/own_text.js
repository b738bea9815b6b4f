// A backup of the user's whole text, to copy or download before anything is decided.

import { say } from '../text/say.js';
import { byId } from '../ui/dom.js';
import { copy, download, fileOf } from '../ui/export_text.js';

/**
 * @param {string} document its name
 * @param {() => string} text
 * @param {(sentence: string) => void} announce
 */
export function offerOwnText(document, text, announce) {
  byId('copy-text', HTMLButtonElement).onclick = async () => {
    const isCopied = await copy(text());
    announce(say(isCopied ? 'copied' : 'copyFailed'));
  };
  byId('download-text', HTMLButtonElement).onclick = () => {
    const name = download(fileOf(document), text());
    announce(say('downloaded', { name }));
  };
}
