// Keys of shortcuts. Pure.

/** The letter of a shortcut; on a layout without Latin letters, the one at the key's place. @param {KeyboardEvent} event */
export function latinKey({ key, code }) {
  return (/^[a-z]$/i.test(key) ? key : code.replace(/^Key/, '')).toLowerCase();
}
