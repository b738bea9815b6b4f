"""The benchmark of the server under load, beside other servers for text that is edited together.

    python -m bench.load [--only WORKS] [--systems NAMES] [--runs N] [--quick]

Markdown tables on the output, progress on the error output; every figure and a picture go to
build/bench. bench/README.md explains them.
"""

import os
import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.load import disk, plot, report, systems, works
from bench.load.figures import Figures
from bench.load.order import Order
from bench.load.processes import ROOT, BenchError
from bench.load.stage import Stage
from bench.load.systems import System
from bench.load.works import Work

_EXAMPLES = """\
examples:
  python -m bench.load                                       everything: half an hour
  python -m bench.load --quick                               see that it works: about two minutes
  python -m bench.load --only w2,w3 --systems ours           after a change: half a minute
  python -m bench.load --only w2 --systems ours --seconds 5 --runs 1
  python -m bench.load --only w1,w2 --systems ours,sharedb --runs 5
"""


def main() -> int:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left behind then either
    arguments.out.mkdir(parents=True, exist_ok=True)
    found, missing = systems.found(arguments.systems)
    with TemporaryDirectory(prefix="load-", dir=arguments.out) as folder:
        scratch = Path(folder)
        sync_ms = disk.sync_ms(scratch)
        _show(report.heading(found, sync_ms))
        for sentence in [*missing, *_warnings(arguments)]:
            _show(sentence)
        bench = Bench(arguments, found, scratch)
        for name in arguments.only:
            _show(bench.measure(name))
    about = {"sync_ms": sync_ms, "cores": os.cpu_count(), "arguments": vars(arguments)}
    about["systems"] = {system.name: system.version for system in found}
    report.save(arguments.out / "load.json", bench.figures, about)
    plot.save(arguments.out / "load.svg", bench.figures)
    print(f"all figures: {arguments.out}/load.json, load.svg", file=sys.stderr)
    return 1 if bench.has_failed else 0


class Bench:
    """All runs of all works, and what came out."""

    def __init__(self, arguments: Namespace, found: list[System], scratch: Path) -> None:
        self.figures: dict[str, dict[str, list[Figures]]] = {}
        self.has_failed = False
        self._arguments = arguments
        self._systems = found
        self._scratch = scratch

    def measure(self, name: str) -> str:
        """Have each system do the work in turn, round by round; returns the table."""
        work = works.WORKS[name]
        able = [system for system in self._systems if system.is_ours or work.is_for_all]
        runs: dict[str, list[Figures]] = {system.name: [] for system in able}
        failures: dict[str, str] = {}
        for number in range(self._arguments.runs or (1 if self._arguments.quick else work.rounds)):
            for system in able:
                if system.name not in failures:
                    try:
                        runs[system.name].append(self._run(name, work, system, number + 1))
                    except BenchError as problem:
                        failures[system.name] = str(problem)
        self.figures[name] = runs
        self.has_failed |= bool(failures)
        return report.section(work, runs, failures)

    def _run(self, name: str, work: Work, system: System, seed: int) -> Figures:
        order = Order(
            seed=seed,
            is_quick=self._arguments.quick,
            edits=self._arguments.edits,
            seconds=self._arguments.seconds,
            full_text=self._arguments.full_text,
        )
        start = time.monotonic()
        if name == "w2-half":
            order = replace(order, per_s=self._reached(system, order))
        with Stage(system, self._scratch) as stage:
            figures = work.run(stage, order)
        took_s = time.monotonic() - start
        print(f"{name}, {system.name}, run {seed}: {took_s:.1f} s", file=sys.stderr, flush=True)
        return figures

    def _reached(self, system: System, order: Order) -> float:
        """The edits a second of W2, which is run for it where that was not asked for."""
        runs = self.figures.get("w2", {}).get(system.name)
        if not runs:
            with Stage(system, self._scratch) as stage:
                runs = [works.WORKS["w2"].run(stage, order)]
        return median(figures["per_s"] for figures in runs)


def _warnings(arguments: Namespace) -> Iterator[str]:
    if arguments.quick:
        yield "Quick: all is shortened, and the figures mean little."
    if "disk" in arguments.only and systems.maintain_command() is None:
        yield "This version has no `gollabedit maintain`: the disk is as the server leaves it."


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m bench.load",
        description="Put a load on GollabEdit and on other servers, and measure them side by side.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        type=_some_of(works.NAMES),
        default=works.NAMES,
        metavar="WORKS",
        help=f"some works, with commas between: {', '.join(works.NAMES)}",
    )
    parser.add_argument(
        "--systems",
        type=_some_of(systems.NAMES),
        default=systems.NAMES,
        metavar="NAMES",
        help=f"some systems: {', '.join(systems.NAMES)}",
    )
    parser.add_argument("--runs", type=_positive, metavar="N", help="rounds of every work")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--edits", type=_positive, metavar="N", help="edits of W2, W5, W6, disk")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long a work goes on")
    parser.add_argument(
        "--full-text", action="store_true", help="our edits carry the whole text, not splices"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "build" / "bench",
        metavar="PATH",
        help="a folder for the figures, and for the servers' data meanwhile (%(default)s)",
    )
    return parser


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(value: str) -> tuple[str, ...]:
        names = tuple(value.split(","))
        for name in names:
            if name not in known:
                raise ArgumentTypeError(f"there is no {name!r}; there are {', '.join(known)}")
        return names

    return read


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ArgumentTypeError("it must be at least 1")
    return number


def _show(part: str) -> None:
    print(part, end="\n\n", flush=True)


sys.exit(main())
