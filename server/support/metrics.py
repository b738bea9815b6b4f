"""Metrics of the server, in the text format of Prometheus (version 0.0.4).

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "gollabedit_"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, and its labels."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and its samples; the unit is in the name."""

    name: str
    help: str
    samples: Sequence[Sample]
    kind: Literal["counter", "gauge"] = "gauge"


def render(metrics: Iterable[Metric]) -> str:
    """Return the metrics as one text."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = _PREFIX + metric.name
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{key}="{_escaped(text)}"' for key, text in sample.labels.items())
        yield f"{name}{{{labels}}} {sample.value:.15g}" if labels else f"{name} {sample.value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
