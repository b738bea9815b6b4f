// DOM helpers for every page.

/**
 * The element with this id, which the page is known to have.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** @param {string} id @param {string} text */
export function setText(id, text) {
  const element = byId(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/** Show another icon of the page's. @param {string} id of a `use` element @param {string} icon */
export function setIcon(id, icon) {
  const use = byId(id, SVGUseElement);
  const address = `#icon-${icon}`;
  if (use.getAttribute('href') !== address) use.setAttribute('href', address);
}
