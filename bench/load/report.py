"""The report of all runs: Markdown tables, and all figures as JSON."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.load.figures import Figures, summary
from bench.load.systems import System
from bench.load.workloads import Workload
from bench.merge.report import table

# The runs of each system, for one workload.
Runs = Mapping[str, Sequence[Figures]]

_SHARES = {"generator_busy"}


def heading(systems: Sequence[System], sync_ms: float) -> str:
    lines = [f"- `{s.name}` ({s.version}); an answer means: {s.answer}" for s in systems]
    return (
        f"## Load\n\n{os.cpu_count()} cores; the disk takes {sync_ms:.2f} ms to append 4 KB and"
        " sync it (median).\n\n" + "\n".join(lines)
    )


def section(
    workload: Workload, runs: Runs, failures: Mapping[str, str], compared: Sequence[str] = ()
) -> str:
    """Return the table of one workload: medians, and ranges of several runs.

    Of the systems that are compared, each but the first has a second row with its ratios to the
    first.
    """
    columns = [key for key in workload.columns if any(summary(each, key) for each in runs.values())]
    head = ["system", *(workload.columns[key] for key in columns)]
    rows = [[name, *(_cell(each, key) for key in columns)] for name, each in runs.items() if each]
    done = [name for name in compared if runs.get(name)]
    for name in done[1:]:
        ratios = (_ratio(runs[name], runs[done[0]], key) for key in columns)
        rows.append([f"{name} ÷ {done[0]}", *ratios])
    parts = [f"### {workload.title}", workload.caption, table(head, rows) if rows else ""]
    parts += [f"**{name} failed**: {why}" for name, why in failures.items()]
    return "\n\n".join(part for part in parts if part)


def save(path: Path, workloads: Mapping[str, Runs], about: Mapping[str, object]) -> None:
    """Write the figures of all runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "works": workloads}, indent=1, default=str) + "\n")


def _cell(runs: Sequence[Figures], key: str) -> str:
    found = summary(runs, key)
    if found is None:
        return "–"
    shown = [_shown(key, value) for value in found]
    return shown[0] if len(set(shown)) == 1 else f"{shown[0]} ({shown[1]}–{shown[2]})"


def _ratio(runs: Sequence[Figures], first: Sequence[Figures], key: str) -> str:
    """Return the ratio of two medians."""
    found, compared = summary(runs, key), summary(first, key)
    return f"{found[0] / compared[0]:.2f}" if found and compared and compared[0] else "–"


def _shown(key: str, value: float) -> str:
    """Format with three significant digits, but with all digits before the point."""
    if key in _SHARES:
        return f"{100 * value:.0f} %"
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
