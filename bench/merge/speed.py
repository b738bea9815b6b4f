"""The speed of a merge: all tools on the same texts, in one process.

The tools take turns on every text, so that a busy moment of the machine affects all of them.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from statistics import median
from typing import NamedTuple

from bench.merge.corpus import Row, Triple, sample
from bench.merge.report import progress, table
from bench.merge.texts import (
    HOSTILE,
    MIB,
    in_one_paragraph,
    in_two_paragraphs,
    prose,
    short_lines,
)
from bench.merge.tool import LIMIT_S, Failed, Tool, TooSlow
from merge.three_way import merge

_KIB = 1024

# The time limit of a tool per case; a slow tool is measured on fewer texts.
_CASE_S = 8.0
_LIVE_ROWS_MAX = 500
_HOSTILE_SEEDS = 2
_HOSTILE_SIZES = (MIB, MIB // 4, MIB // 16, MIB // 64)
_CAPTION = (
    "git and wiggle including the start of a process, node-diff3 including the round trip to one"
)


class Case(NamedTuple):
    """Texts of one kind."""

    title: str
    triples: Iterator[Triple]
    calls: int


class Timings:
    """The times of one tool in one case."""

    def __init__(self) -> None:
        self.calls_ms: list[float] = []
        self.asked = 0
        self.failed = 0
        self.is_out_of_time = False

    @property
    def wants_more(self) -> bool:
        return not self.is_out_of_time and sum(self.calls_ms) < 1000 * _CASE_S

    @property
    def median_ms(self) -> float:
        return median(self.calls_ms)

    @property
    def p99_ms(self) -> float:
        """The 99th percentile; the maximum of fewer than 100 calls."""
        return sorted(self.calls_ms)[int(0.99 * len(self.calls_ms))]

    def measure(self, tool: Tool, triple: Triple) -> None:
        start = time.perf_counter()
        try:
            answer = tool.merge(*triple)
        except TooSlow:
            self.is_out_of_time = True
            return
        except Failed:
            self.failed += 1
            return
        self.calls_ms.append(1000 * (time.perf_counter() - start))
        self.asked += answer is None


def speed(tools: dict[str, Tool], live_rows: Sequence[Row], calls_max: int | None) -> Iterator[str]:
    """Yield the tables as soon as they are complete, with at most `calls_max` calls per case."""
    for case in _cases(live_rows):
        yield _measured(tools, case._replace(calls=min(case.calls, calls_max or case.calls)))
    if "ours" in tools:
        yield _hostile()


def _cases(live_rows: Sequence[Row]) -> Iterator[Case]:
    random = Random(1)
    small, large = prose(random, 20 * _KIB), prose(random, MIB)
    yield Case("20 KiB, two paragraphs", in_two_paragraphs(random, small), 200)
    yield Case("20 KiB, one paragraph", in_one_paragraph(random, small), 200)
    yield Case("1 MiB, two paragraphs", in_two_paragraphs(random, large), 50)
    yield Case("1 MiB, one paragraph", in_one_paragraph(random, large), 50)
    lines = short_lines(random, 50_000)
    yield Case("1 MiB of 50,000 short lines", in_two_paragraphs(random, lines), 50)
    if live_rows:
        rows = sample(list(live_rows), _LIVE_ROWS_MAX)
        yield Case("small edits of the corpus", (row.triple for row in rows), len(rows))


def _measured(tools: dict[str, Tool], case: Case) -> str:
    found = {name: Timings() for name in tools}
    for triple in progress(case.title, islice(case.triples, case.calls), case.calls):
        for name, tool in tools.items():
            if found[name].wants_more:
                found[name].measure(tool, triple)
    head = ["tool", "calls", "failed", "asked", "median ms", "p99 ms", "× ours"]
    rows = [_row(name, each, found.get("ours")) for name, each in found.items()]
    return f"### Speed: {case.title}\n\n{_CAPTION}\n\n{table(head, rows)}"


def _row(name: str, found: Timings, ours: Timings | None) -> list[str]:
    counts = [name, str(len(found.calls_ms)), str(found.failed)]
    if found.is_out_of_time:
        return [*counts, "–", f"over {1000 * LIMIT_S:.0f}", "–", "–"]
    if not found.calls_ms:
        return [*counts, *["–"] * 4]
    ratio = found.median_ms / ours.median_ms if ours and ours.calls_ms else None
    return [
        *counts,
        str(found.asked),
        f"{found.median_ms:.2f}",
        f"{found.p99_ms:.2f}",
        "–" if ratio is None else f"{ratio:.2f}",
    ]


def _hostile() -> str:
    """Return the table of hostile texts, for ours only and without a time limit.

    There are several sizes, because the merge stops comparing above some size: a conflict.
    """
    head = ["s max (careful, live)", *(f"{size // _KIB} KiB" for size in _HOSTILE_SIZES)]
    names = progress("hostile texts", HOSTILE, len(HOSTILE))
    rows = [[name, *(_worst(name, size) for size in _HOSTILE_SIZES)] for name in names]
    return f"### Speed: hostile texts, ours\n\n{table(head, rows)}"


def _worst(name: str, size: int) -> str:
    """Return the maximum of the careful and of the live merges, in seconds."""
    triples = [HOSTILE[name](Random(seed), size) for seed in range(_HOSTILE_SEEDS)]
    worst_s = [max(_took_s(triple, live=live) for triple in triples) for live in (False, True)]
    return ", ".join(f"{took_s:.2f}" for took_s in worst_s)


def _took_s(triple: Triple, *, live: bool) -> float:
    start = time.perf_counter()
    merge(*triple, live=live)
    return time.perf_counter() - start
