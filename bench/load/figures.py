"""Summaries of many numbers."""

from collections.abc import Iterable, Sequence
from statistics import median

Figures = dict[str, float]

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def quantile(numbers: Sequence[float], share: float) -> float:
    """Return the quantile of the numbers, or 0 if there are none."""
    if not numbers:
        return 0.0
    return sorted(numbers)[min(int(share * len(numbers)), len(numbers) - 1)]


def quantiles(name: str, numbers: Iterable[float]) -> Figures:
    """Return `<name>_p50` and so on; nothing if there are no numbers."""
    ordered = sorted(numbers)
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {f"{name}_{key}": ordered[min(int(s * len(ordered)), last)] for key, s in SHARES.items()}


def summary(runs: Sequence[Figures], key: str) -> tuple[float, float, float] | None:
    """Return median, minimum and maximum of the runs, or None if no run has the figure."""
    values = [figures[key] for figures in runs if key in figures]
    return (median(values), min(values), max(values)) if values else None
