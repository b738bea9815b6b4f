// Takes a text out of the page: to the clipboard, or as a file.

const DOWNLOAD_TAKES_MS = 60_000;

/** Copy to the clipboard, which also works on a page served over plain HTTP. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const before = /** @type {HTMLElement} */ (document.activeElement);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'sr-only';
  before.after(field); // beside the button: outside an open dialog nothing can be selected
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  before.focus();
  return isCopied;
}

/** The name of a document's file, as in its repository. @param {string} document */
export function fileOf(document) {
  const name = document.slice(document.lastIndexOf('/') + 1);
  return name.includes('.') ? name : `${name}.txt`;
}

/** @param {string} name @param {string} text @param {string} [type] @returns {string} the name */
export function download(name, text, type = 'text/plain') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_TAKES_MS);
  return name;
}
