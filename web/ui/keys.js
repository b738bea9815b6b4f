// Keys of shortcuts. Pure.

/** The letter of a shortcut; on a layout without Latin letters, the one at the key's place. @param {KeyboardEvent} event */
export function latinKey({ key, code }) {
  return (/^[a-z]$/i.test(key) ? key : code.replace(/^Key/, '')).toLowerCase();
}

/**
 * The letter that is pressed with Ctrl+Alt; on a Mac with ⌥⇧⌘, since browsers use ⌥⌘ and VoiceOver ⌃⌥.
 *
 * @param {KeyboardEvent} event
 * @param {boolean} isMac
 * @returns {string} '' if other keys are pressed, or these type a character (AltGr is Ctrl+Alt on Windows)
 */
export function toolKey(event, isMac) {
  const { ctrlKey, altKey, shiftKey, metaKey } = event;
  if (!altKey || isMac !== metaKey || isMac !== shiftKey || isMac === ctrlKey) return '';
  const isTyped = event.getModifierState('AltGraph') || !/^\p{L}$/u.test(event.key);
  return isTyped && !isMac ? '' : latinKey(event);
}
