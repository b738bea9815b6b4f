"""Metrics of the server, in the text format of Prometheus (version 0.0.4).

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "gollabedit_"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, its labels, and what its name has after that of the metric."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and its samples; the unit is in the name."""

    name: str
    help: str
    samples: Sequence[Sample]
    kind: Literal["counter", "gauge", "histogram"] = "gauge"


class Histogram:
    """Counts numbers by size. An `observe` is to cost less than a microsecond: one per edit.

    Not safe for several threads.
    """

    def __init__(self, name: str, description: str, bounds: Sequence[float]) -> None:
        """Create it, empty.

        Args:
            name: the name of the metric, with its unit.
            description: what it measures.
            bounds: the largest numbers of the buckets, in order; one for larger ones is added.
        """
        self._name = name
        self._description = description
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a number."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def metric(self) -> Metric:
        """Return the numbers as a metric. Buckets are cumulative, as Prometheus has them."""
        names = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        counts = list(accumulate(self._counts))
        buckets = [
            Sample(count, {"le": name}, "_bucket")
            for name, count in zip(names, counts, strict=True)
        ]
        totals = [Sample(self._sum, suffix="_sum"), Sample(counts[-1], suffix="_count")]
        return Metric(self._name, self._description, [*buckets, *totals], "histogram")


def render(metrics: Iterable[Metric]) -> str:
    """Return the metrics as one text."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = _PREFIX + metric.name
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{key}="{_escaped(text)}"' for key, text in sample.labels.items())
        shown = f"{{{labels}}}" if labels else ""
        yield f"{name}{sample.suffix}{shown} {sample.value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
