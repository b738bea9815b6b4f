// Faces: the initials of people on their colours, in the header and wherever a person is named.

import { say } from '../text/say.js';
import { byId, set } from '../ui/dom.js';
import { listed } from '../ui/phrases.js';
import { legible } from './colors.js';

/** @typedef {{name: string, color?: string}} Face color: as #rrggbb */

const GUEST = /^Guest (\d{1,3})$/;
const DESK_MAX = 4;
const PHONE_MAX = 2;
const NAMED_MAX = 6;

/** One or two letters for a name; the number of a guest. @param {string} name */
export function initialsOf(name) {
  const guest = GUEST.exec(name);
  if (guest) return guest[1] ?? '';
  const words = name.split(/[\s-]+/).filter(Boolean);
  const initials = [words[0], words.at(-1)].map((word) => [...(word ?? '')][0] ?? '');
  return initials
    .slice(0, words.length > 1 ? 2 : 1)
    .join('')
    .toUpperCase();
}

/** Show a person in an element. @param {HTMLElement} element @param {Face} face */
export function showFace(element, { name, color }) {
  element.hidden = name === '';
  const initials = initialsOf(name);
  set(element.dataset, 'initials', initials);
  if (color) element.style.setProperty('--person', legible(color));
  else element.style.removeProperty('--person');
}

/** @param {Face} face */
export function newFace(face) {
  const element = document.createElement('span');
  element.className = 'face';
  element.ariaHidden = 'true';
  showFace(element, face);
  return element;
}

/** The faces of the others on the header's button: at most four, two on a phone, and how many more. */
export class FaceStack {
  #button = byId('people-button', HTMLButtonElement);
  #shown = '';

  /** @param {readonly (Face & {isTyping: boolean})[]} others */
  show(others) {
    const shown = JSON.stringify(others);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#button.classList.toggle('alone', others.length === 0);
    const label = say('peopleButton', {
      count: others.length + 1,
      names: listed([...named(others), say('yourself').toLowerCase()]),
    });
    set(this.#button, 'ariaLabel', label);
    set(this.#button, 'title', label);
    const faces = others.slice(0, DESK_MAX).map((other, index) => {
      const face = newFace(other);
      face.classList.toggle('typing', other.isTyping);
      face.classList.toggle('extra', index >= PHONE_MAX);
      return face;
    });
    this.#button.replaceChildren(
      ...faces,
      ...more(others.length - DESK_MAX, 'extra'),
      ...more(others.length - PHONE_MAX, 'small'),
    );
  }
}

/** @param {readonly Face[]} others */
function named(others) {
  const names = others.slice(0, NAMED_MAX).map(({ name }) => name);
  const count = others.length - names.length;
  return count > 0 ? [...names, say('others', { count })] : names;
}

/** @param {number} count @param {string} kind small: for phones; extra: for wider windows */
function more(count, kind) {
  if (count <= 0) return [];
  const face = document.createElement('span');
  face.className = `face more ${kind}`;
  face.ariaHidden = 'true';
  face.dataset.initials = `+${count}`;
  return [face];
}
