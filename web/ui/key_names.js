// The names of keys, as people know them on this device.

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
export const CONTROL = isMac ? '⌘' : 'Ctrl+';
export const TOOL = isMac ? '⌥⇧⌘' : 'Ctrl+Alt+'; // see `toolKey`
export const REDO = isMac ? '⇧⌘Z' : 'Ctrl+Shift+Z';
