"""The load benchmark, beside other collaborative text servers.

    python -m bench.load [--only WORKLOADS] [--systems NAMES] [--checkout NAME=DIR] [--quick]

Markdown tables go to stdout, progress to stderr, all figures and a plot to build/bench. See
bench/README.md.
"""

import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.load import command_line, disk, plot, report, systems, workloads
from bench.load.figures import Figures
from bench.load.processes import BenchError
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.systems import System
from bench.load.workloads import Workload


def main() -> int:
    parser = command_line.parser()
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is cleaned up
    arguments.out.mkdir(parents=True, exist_ok=True)
    checkouts = dict(arguments.checkout)
    if len(checkouts) < len(arguments.checkout):
        parser.error("each checkout needs a name of its own")
    names = arguments.systems or (() if checkouts else systems.NAMES)
    try:
        compared = systems.checkouts(checkouts, arguments.python, arguments.checkouts_as)
        others, missing = systems.installed(names, arguments.python)
    except BenchError as problem:
        parser.error(str(problem))
    found = [
        replace(system, share=arguments.share) if system.is_ours else system
        for system in [*compared, *others]
    ]
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
        self._compared = [name for name, _ in arguments.checkout]
        self._scratch = scratch

    def measure(self, name: str) -> str:
        """Run a workload on each system in turn, round by round; return the table."""
        workload = workloads.WORKLOADS[name]
        able = [system for system in self._systems if workload.is_for(system)]
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
        return report.section(workload, runs, failures, self._compared)

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


def _show(part: str) -> None:
    print(part, end="\n\n", flush=True)


sys.exit(main())
