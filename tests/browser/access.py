"""Accessibility checks: axe's rules, horizontal scrolling, controls beyond the reach of keys."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page, ViewportSize

_AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# Rules of axe, by tag: all; by id: those that a colour scheme can break.
ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLORS = ("color-contrast", "link-in-text-block")

# The browser makes the page for a response that is not HTML. Target sizes are checked on request.
_VIOLATIONS = """async rules => {
  if (document.contentType !== 'text/html') return [];
  const {violations} = await axe.run({
    runOnly: rules, rules: {"target-size": {enabled: true}}, resultTypes: ['violations']});
  return violations.flatMap(({id, nodes}) => nodes.map(({target, html, failureSummary}) =>
    `${id}: ${target.join(' ')}\\n    ${html}\\n    ${failureSummary.replaceAll('\\n', ' ')}`));
}"""

_TOO_WIDE = """() => {
  const right = element => element.getBoundingClientRect().right;
  if (document.scrollingElement.scrollWidth <= innerWidth) return [];
  return [...document.body.querySelectorAll('*')].filter(element => right(element) > innerWidth)
    .map(element => `it ends at ${right(element)} of ${innerWidth}: ${element.outerHTML}`);
}"""

# The tab stops: one for each group of radio buttons, and none behind an open dialog.
_STOPS = """() => {
  const within = document.querySelector('dialog:modal') ?? document;
  const groups = new Set();
  const stops = 'a[href], button, input, select, textarea, summary';
  return [...within.querySelectorAll(stops)].filter(
    element => {
      if (element.disabled || !element.checkVisibility({visibilityProperty: true})) return false;
      if (element.type !== 'radio') return true;
      const isFirst = !groups.has(element.name);
      groups.add(element.name);
      return isFirst;
    });
}"""

# What takes a press of Tab besides: dividers, and what is in frames.
_OTHER_STOPS = """() => {
  const inner = document => document.querySelectorAll('a[href], input, summary, [tabindex]').length;
  const frames = [...document.querySelectorAll('iframe')].filter(it => it.checkVisibility());
  const dividers = document.querySelectorAll('[role=separator]');
  return frames.reduce((sum, it) => sum + 1 + inner(it.contentDocument), dividers.length);
}"""

# Records the focus after each key, so that the test asks once.
_WATCH = """stops => {
  const seen = [];
  const look = () => {
    const element = document.activeElement;
    const place = stops.findIndex(stop => stop === element ||
      (stop.type === 'radio' && stop.name === element.name));
    const {outlineStyle, outlineWidth} = getComputedStyle(element);
    const hasRing = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    const {left, top, width, height} = element.getBoundingClientRect();
    // A popover may cover it: its user opened it, and Esc closes it.
    const isOn = (x, y) => {
      const found = document.elementFromPoint(left + width * x, top + height * y);
      return element.contains(found) || found?.closest(':popover-open');
    };
    const inner = [0.1, 0.3, 0.5, 0.7, 0.9];
    const isCovered = !inner.some(x => inner.some(y => isOn(x, y)));
    seen.push({place, isMarked: hasRing || element.matches('textarea'), isCovered,
      html: element.outerHTML.slice(0, 200)});
  };
  addEventListener('keyup', look, {capture: true});
  return seen;
}"""

# A field may be gone once it has lost the focus.
_STILL_THERE = """(stops, places) => places.map(place => stops[place])
  .filter(stop => stop.checkVisibility()).map(stop => stop.outerHTML)"""


class NoAxeError(Exception):
    """axe-core is missing; the message says what to do."""


async def violations(page: Page, rules: tuple[str, ...]) -> list[str]:
    """Return the violations of rules that axe-core finds in the current page."""
    if not await page.evaluate("'axe' in window"):
        # Scripts of the debugger are exempt from the page's content security policy.
        await page.evaluate(f"(() => {{ {_axe()} }})()")
    return list(await page.evaluate(_VIOLATIONS, rules))


async def scrolls_sideways(page: Page, size: ViewportSize) -> list[str]:
    """Return what does not fit into a window of this size."""
    await page.set_viewport_size(size)
    return [f"at {size['width']} px {it}" for it in await page.evaluate(_TOO_WIDE)]


async def unreached(page: Page) -> list[str]:
    """Return controls that Tab does not reach, or that do not show their focus."""
    stops = await page.evaluate_handle(_STOPS)
    count = int(await stops.evaluate("stops => stops.length"))
    seen = await page.evaluate_handle(_WATCH, stops)
    # Between the last and the first stop the focus passes through the browser's own controls.
    await _press_tab(page, count + int(await page.evaluate(_OTHER_STOPS)) + 3)
    missed, problems = set(range(count)), []
    focused: dict[str, Any]
    for focused in await seen.json_value():
        if focused["place"] in missed:
            missed.remove(focused["place"])
            if not focused["isMarked"]:
                problems.append(f"nothing shows the focus on {focused['html']}")
            if focused["isCovered"]:
                problems.append(f"something covers {focused['html']}")
    html = await stops.evaluate(_STILL_THERE, list(missed))
    return [*problems, *(f"Tab does not come to {it}" for it in html)]


async def _press_tab(page: Page, times: int) -> None:
    """Press Tab several times in one go, without a round trip for each."""
    session = await page.context.new_cdp_session(page)
    tab = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    presses = [{"type": kind, **tab} for kind in ("rawKeyDown", "keyUp")] * times
    await asyncio.gather(*(session.send("Input.dispatchKeyEvent", press) for press in presses))
    await session.detach()


@cache
def _axe() -> str:
    try:
        return _AXE.read_text()
    except FileNotFoundError as missing:
        raise NoAxeError("axe-core is not there: `make test` gets it.") from missing
