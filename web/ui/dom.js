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

/**
 * Set a property, if there is an element and it differs. Browsers do not compare: they style, lay out
 * and paint again, and tell assistive technology.
 *
 * @template {object} T
 * @template {keyof T} Name
 * @param {T | null} element
 * @param {Name} name
 * @param {T[Name]} value
 */
export function set(element, name, value) {
  if (element && element[name] !== value) element[name] = value;
}

/** @param {string} id @param {string} text */
export function setText(id, text) {
  set(byId(id, HTMLElement), 'textContent', text);
}

/** Show another icon of the page's. @param {string} id of a `use` element @param {string} icon */
export function setIcon(id, icon) {
  set(byId(id, SVGUseElement).href, 'baseVal', `#icon-${icon}`);
}

/** @param {string} address @param {string} label */
export function link(address, label) {
  const made = document.createElement('a');
  made.href = address;
  made.textContent = label;
  return made;
}
