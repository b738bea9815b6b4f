// The divider between the text and its page: moves by the pointer and by keys, and stays there on this
// device.

import { say } from '../text/say.js';
import { leavePreview, previewLeft } from '../ui/storage.js';

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
  let { percent } = previewLeft();

  const move = (/** @type {number} */ to) => {
    percent = Math.round(Math.min(MAX, Math.max(MIN, to)));
    parent.style.setProperty('--split', `${percent}%`);
    divider.ariaValueNow = String(percent);
  };
  const moved = (/** @type {number} */ to) => {
    move(to);
    leavePreview({ percent });
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
  divider.onlostpointercapture = () => moved(percent);
  divider.ondblclick = () => moved(MIDDLE);
  divider.onkeydown = (event) => {
    const keys = { ArrowLeft: percent - STEP, ArrowRight: percent + STEP, Home: MIN, End: MAX };
    const to = Object.entries(keys).find(([key]) => key === event.key)?.[1];
    if (to === undefined) return;
    event.preventDefault();
    moved(to);
  };
  move(percent);
  second.before(divider);
  return divider;
}
