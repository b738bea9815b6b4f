"""Output: Markdown tables, and progress on stderr."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import TypeVar

_T = TypeVar("_T")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns; the first column is text."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in [lines[0], rule, *lines[1:]])


def percent(count: int, total: int, digits: int = 1) -> str:
    return f"{100 * count / total:.{digits}f} %" if total else "–"


def percent_within(count: int, total: int) -> str:
    """Return a share with its 95 % confidence interval."""
    if not total:
        return "–"
    low, high = wilson(count, total)
    return f"{100 * count / total:.2f} % ({100 * low:.2f}–{100 * high:.2f})"


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927)."""
    z = 1.96
    share = count / total
    middle = share + z * z / (2 * total)
    reach = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def progress(label: str, items: Iterable[_T], total: int) -> Iterator[_T]:
    """Pass the items on and show the progress: live on a terminal, otherwise at the end."""
    start = shown = time.monotonic()
    done = 0
    try:
        for item in items:
            yield item
            done += 1
            if sys.stderr.isatty() and time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                print(f"\r{label}: {done} of {total}\033[K", end="", file=sys.stderr, flush=True)
    finally:
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        took_s = time.monotonic() - start
        print(f"{clear}{label}: {done} of {total}, {took_s:.1f} s", file=sys.stderr, flush=True)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([first, *rest])} |"
