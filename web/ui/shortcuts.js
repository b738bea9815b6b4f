// The list of keyboard shortcuts; loaded when it is opened.

import { say } from '../text/say.js';
import { CONTROL, isMac, REDO, TOOL } from './key_names.js';

/** @type {readonly (readonly [keys: string, does: import('../text/say.js').SentenceName])[]} */
const SHORTCUTS = [
  [`${CONTROL}Z`, 'undo'],
  [REDO, 'redo'],
  [`${CONTROL}S`, 'keySave'],
  [`${CONTROL}F`, 'keyFind'],
  [`${CONTROL}E`, 'keyPreview'],
  [`${TOOL}F`, 'findAndReplace'],
  [`${TOOL}G`, 'goToLine'],
  ['F8', 'keyConflict'],
  ['1, 2', 'keyChoose'],
  [isMac ? '⌘↩' : 'Ctrl+Enter', 'keyUse'],
  ['N, P', 'keyChanges'],
  ['Esc', 'keyEnd'],
  [`?, ${CONTROL}/`, 'keyShortcuts'],
];

/** The rows of the list. */
export function shortcutRows() {
  return SHORTCUTS.map(entry);
}

/** @param {readonly [string, import('../text/say.js').SentenceName]} shortcut */
function entry([keys, does]) {
  const row = document.createElement('div');
  const [term, meaning] = [document.createElement('dt'), document.createElement('dd')];
  const key = document.createElement('kbd');
  key.textContent = keys;
  term.append(key);
  meaning.textContent = say(does);
  row.append(term, meaning);
  return row;
}
