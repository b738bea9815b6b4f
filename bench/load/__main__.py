"""The load benchmark, beside other collaborative text servers.

    python -m bench.load [--only WORKLOADS] [--systems NAMES] [--runs N] [--quick]

Markdown tables go to stdout, progress to stderr, all figures and a plot to build/bench. See
bench/README.md.
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

from bench.load import disk, plot, report, systems, workloads
from bench.load.figures import Figures
from bench.load.processes import ROOT, BenchError
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.systems import System
from bench.load.workloads import Workload

_EXAMPLES = """\
examples:
  python -m bench.load                                       everything: half an hour
  python -m bench.load --quick                               check that it works: about two minutes
  python -m bench.load --only w2,w3 --systems ours           after a change: half a minute
  python -m bench.load --only w2 --systems ours --seconds 5 --runs 1
  python -m bench.load --only w1,w2 --systems ours,sharedb --runs 5
"""


def main() -> int:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is cleaned up
    arguments.out.mkdir(parents=True, exist_ok=True)
    found, missing = systems.installed(arguments.systems)
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
    """All runs of all workloads, with their figures."""

    def __init__(self, arguments: Namespace, found: list[System], scratch: Path) -> None:
        self.figures: dict[str, dict[str, list[Figures]]] = {}
        self.has_failed = False
        self._arguments = arguments
        self._systems = found
        self._scratch = scratch

    def measure(self, name: str) -> str:
        """Run a workload on each system in turn, round by round; return the table."""
        workload = workloads.WORKLOADS[name]
        able = [system for system in self._systems if system.is_ours or workload.is_for_all]
        runs: dict[str, list[Figures]] = {system.name: [] for system in able}
        failures: dict[str, str] = {}
        for number in range(
            self._arguments.runs or (1 if self._arguments.quick else workload.rounds)
        ):
            for system in able:
                if system.name not in failures:
                    try:
                        runs[system.name].append(self._run(name, workload, system, number + 1))
                    except BenchError as problem:
                        failures[system.name] = str(problem)
        self.figures[name] = runs
        self.has_failed |= bool(failures)
        return report.section(workload, runs, failures)

    def _run(self, name: str, workload: Workload, system: System, seed: int) -> Figures:
        options = RunOptions(
            seed=seed,
            is_quick=self._arguments.quick,
            edits=self._arguments.edits,
            seconds=self._arguments.seconds,
            full_text=self._arguments.full_text,
        )
        start = time.monotonic()
        if name == "w2-half":
            options = replace(options, per_s=self._reached(system, options))
        with Sandbox(system, self._scratch) as sandbox:
            figures = workload.run(sandbox, options)
        took_s = time.monotonic() - start
        print(f"{name}, {system.name}, run {seed}: {took_s:.1f} s", file=sys.stderr, flush=True)
        return figures

    def _reached(self, system: System, options: RunOptions) -> float:
        """Return the edits per second of W2; run it if necessary."""
        runs = self.figures.get("w2", {}).get(system.name)
        if not runs:
            with Sandbox(system, self._scratch) as sandbox:
                runs = [workloads.WORKLOADS["w2"].run(sandbox, options)]
        return median(figures["per_s"] for figures in runs)


def _warnings(arguments: Namespace) -> Iterator[str]:
    if arguments.quick:
        yield "Quick run: everything is shortened, and the figures mean little."
    if "disk" in arguments.only and systems.maintain_command() is None:
        yield "This version has no `gollabedit maintain`: the disk is measured without it."


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m bench.load",
        description="Put a load on GollabEdit and on other servers, and measure them side by side.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        type=_some_of(workloads.NAMES),
        default=workloads.NAMES,
        metavar="WORKLOADS",
        help=f"some workloads, separated by commas: {', '.join(workloads.NAMES)}",
    )
    parser.add_argument(
        "--systems",
        type=_some_of(systems.NAMES),
        default=systems.NAMES,
        metavar="NAMES",
        help=f"some systems: {', '.join(systems.NAMES)}",
    )
    parser.add_argument("--runs", type=_positive, metavar="N", help="rounds of every workload")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--edits", type=_positive, metavar="N", help="edits of W2, W5, W6, disk")
    parser.add_argument("--seconds", type=float, metavar="S", help="duration of a workload")
    parser.add_argument(
        "--full-text", action="store_true", help="send our edits as whole texts, not splices"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "build" / "bench",
        metavar="PATH",
        help="a folder for the figures, and for the servers' data (%(default)s)",
    )
    return parser


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(value: str) -> tuple[str, ...]:
        names = tuple(value.split(","))
        for name in names:
            if name not in known:
                raise ArgumentTypeError(f"unknown name {name!r}; the names are {', '.join(known)}")
        return names

    return read


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


def _show(part: str) -> None:
    print(part, end="\n\n", flush=True)


sys.exit(main())
