"""A plot of the time until others see a word: one SVG with a panel per workload."""

from collections.abc import Iterator, Mapping
from html import escape
from math import ceil, floor, log10
from pathlib import Path

from bench.load.figures import summary
from bench.load.report import Runs
from bench.load.systems import PEERS
from bench.load.workloads import WORKLOADS

_LABELS, _WIDTH, _ROW, _HEAD, _FOOT = 110, 460, 24, 44, 30
_MARKS = {"visible_p50": 5.0, "visible_p90": 3.5, "visible_p99": 2.0}
_OURS, _OTHERS = "#c2410c", "#475569"
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1e293b}.title{font-weight:600}"
    ".small{font-size:11px;fill:#64748b}line{stroke:#e2e8f0}"
)


def save(path: Path, workloads: Mapping[str, Runs]) -> None:
    """Draw p50, p90 and p99 of each system on a logarithmic scale."""
    panels = [
        (name, _points(runs)) for name, runs in workloads.items() if WORKLOADS[name].is_plotted
    ]
    panels = [(name, points) for name, points in panels if points]
    parts: list[str] = []
    top = 0
    for name, points in panels:
        parts += _panel(WORKLOADS[name].title, points, top)
        top += _HEAD + _ROW * len(points) + _FOOT
    width = _LABELS + _WIDTH + 40
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}">\n'
        f'<style>{_STYLE}</style>\n<rect width="100%" height="100%" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _points(runs: Runs) -> dict[str, list[float]]:
    """Return the medians of each system that has all of them."""
    found = {name: [summary(each, key) for key in _MARKS] for name, each in runs.items()}
    return {
        name: [max(each[0], 0.01) for each in values if each]
        for name, values in found.items()
        if all(values)
    }


def _panel(title: str, points: Mapping[str, list[float]], top: int) -> Iterator[str]:
    low = floor(log10(min(min(values) for values in points.values())))
    high = max(ceil(log10(max(max(values) for values in points.values()))), low + 1)
    bottom = top + _HEAD + _ROW * len(points)

    def x(value: float) -> float:
        return _LABELS + _WIDTH * (log10(value) - low) / (high - low)

    yield f'<text class="title" x="12" y="{top + 22}">{escape(title)}</text>'
    yield (
        f'<text class="small" x="{_LABELS + _WIDTH}" y="{top + 22}" text-anchor="end">'
        "visible to others after ms: p50, p90, p99</text>"
    )
    for power in range(low, high + 1):
        place = f'x1="{x(10**power):.1f}" x2="{x(10**power):.1f}"'
        yield f'<line {place} y1="{top + _HEAD - 8}" y2="{bottom}"/>'
        yield (
            f'<text class="small" x="{x(10**power):.1f}" y="{bottom + 16}" text-anchor="middle">'
            f"{10.0**power:,g}</text>"
        )
    for row, (name, values) in enumerate(points.items()):
        y = top + _HEAD + _ROW * row + _ROW // 2 - 4
        color = _OTHERS if name in PEERS else _OURS
        yield f'<text x="12" y="{y + 4}">{escape(name)}</text>'
        yield (
            f'<line x1="{x(values[0]):.1f}" x2="{x(values[-1]):.1f}" y1="{y}" y2="{y}"'
            f' style="stroke:{color};stroke-width:1.5"/>'
        )
        for value, radius in zip(values, _MARKS.values(), strict=True):
            yield (
                f'<circle cx="{x(value):.1f}" cy="{y}" r="{radius}" fill="{color}">'
                f"<title>{value:.2f} ms</title></circle>"
            )
