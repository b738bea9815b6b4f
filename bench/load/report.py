"""What is shown of all runs: Markdown tables, and all figures as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.load.figures import Figures, summary
from bench.load.systems import System
from bench.load.works import Work
from bench.merge.report import table

# Of one work, the runs of each system.
Runs = Mapping[str, Sequence[Figures]]

_SHARES = {"generator_busy"}


def heading(systems: Sequence[System], sync_ms: float) -> str:
    lines = [f"- `{s.name}` ({s.version}); an answer means: {s.answer}" for s in systems]
    return (
        f"## Load\n\nPython {platform.python_version()}, {os.cpu_count()} cores; the disk takes"
        f" {sync_ms:.1f} ms to append 4 KB and sync it (median).\n\n" + "\n".join(lines)
    )


def section(work: Work, runs: Runs, failures: Mapping[str, str]) -> str:
    """The table of one work: medians, and the range where there were several runs."""
    columns = [key for key in work.columns if any(summary(each, key) for each in runs.values())]
    head = ["system", *(work.columns[key] for key in columns)]
    rows = [[name, *(_cell(each, key) for key in columns)] for name, each in runs.items() if each]
    parts = [f"### {work.title}", work.caption, table(head, rows) if rows else ""]
    parts += [f"**{name} failed**: {why}" for name, why in failures.items()]
    return "\n\n".join(part for part in parts if part)


def save(path: Path, works: Mapping[str, Runs], about: Mapping[str, object]) -> None:
    """Write every figure of every run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "works": works}, indent=1, default=str) + "\n")


def _cell(runs: Sequence[Figures], key: str) -> str:
    found = summary(runs, key)
    if found is None:
        return "–"
    shown = [_shown(key, value) for value in found]
    return shown[0] if len(set(shown)) == 1 else f"{shown[0]} ({shown[1]}–{shown[2]})"


def _shown(key: str, value: float) -> str:
    """Three digits, more only before the point."""
    if key in _SHARES:
        return f"{100 * value:.0f} %"
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
