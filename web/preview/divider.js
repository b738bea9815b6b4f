// The divider between the text and its page: moves by the pointer and by keys.

import { say } from '../text/say.js';

const [MIN, MAX, STEP] = [20, 80, 5];
const MIDDLE = 50;

/**
 * A divider before the second of two elements; their parent gets the property `--split`, the width of
 * the first one in percent.
 *
 * @param {HTMLElement} parent
 * @param {HTMLElement} second
 */
export function dividerIn(parent, second) {
  const divider = document.createElement('div');
  let percent = MIDDLE;

  const move = (/** @type {number} */ to) => {
    percent = Math.round(Math.min(MAX, Math.max(MIN, to)));
    parent.style.setProperty('--split', `${percent}%`);
    divider.ariaValueNow = String(percent);
  };

  Object.assign(divider, { id: 'divider', role: 'separator', tabIndex: 0, hidden: true });
  Object.assign(divider, { ariaOrientation: 'vertical', ariaLabel: say('divider') });
  Object.assign(divider, { ariaValueMin: MIN, ariaValueMax: MAX });
  divider.setAttribute('aria-controls', second.id);
  divider.onpointerdown = (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault(); // no selection
    divider.focus();
  };
  divider.onpointermove = (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const { left, width } = parent.getBoundingClientRect();
    move(((event.clientX - left) / width) * 100);
  };
  divider.ondblclick = () => move(MIDDLE);
  divider.onkeydown = (event) => {
    const keys = { ArrowLeft: percent - STEP, ArrowRight: percent + STEP, Home: MIN, End: MAX };
    const to = Object.entries(keys).find(([key]) => key === event.key)?.[1];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  move(MIDDLE);
  second.before(divider);
  return divider;
}
