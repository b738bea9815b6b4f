// Scrolls the textarea without giving it the focus, as no browser does by itself.

/**
 * Scroll a place into the middle of the view.
 *
 * @param {HTMLTextAreaElement} area
 * @param {import('./geometry.js').Geometry} geometry
 * @param {number} offset
 * @param {boolean} isAlways also if it is in view
 */
export function reveal(area, geometry, offset, isAlways) {
  // After what the editor does to keep the text where it is, which waits for a frame as well.
  requestAnimationFrame(() => {
    const { x, y, height } = geometry.placeOf(offset);
    const { paddingTop, paddingLeft } = getComputedStyle(area);
    const top = y + Number.parseFloat(paddingTop);
    const left = x + Number.parseFloat(paddingLeft);
    const isAbove = top < area.scrollTop;
    if (isAlways || isAbove || top + height > area.scrollTop + area.clientHeight)
      area.scrollTop = top - (area.clientHeight - height) / 2;
    if (left < area.scrollLeft || left > area.scrollLeft + area.clientWidth)
      area.scrollLeft = left - area.clientWidth / 2;
  });
}
