"""Kill the server repeatedly: `python -m tests.crash --help`."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from aiohttp import ClientError

from tests.crash.results import Fault, Results
from tests.crash.rounds import Rounds
from tests.crash.writer import NotResumedError
from tests.server.sockets.client import ClosedError

# What a server that breaks a rule may cause; the rounds on this data folder end.
_FAILURES = (AssertionError, ClosedError, ClientError, OSError)


def main() -> int:
    options = _parser().parse_args()
    total = Results()
    for number, first in enumerate(range(0, options.rounds, options.each)):
        count = min(options.each, options.rounds - first)
        total.add(_run(options.seed + number, count, options.options, total))
    print(file=sys.stderr)
    print(total.table())
    return 1 if total.faults else 0


def _run(seed: int, count: int, options: list[str], before: Results) -> Results:
    """Run rounds on a new data folder, which is kept if there is a fault."""
    data = Path(mkdtemp(prefix="gollabedit-crash-")).resolve()
    rounds = Rounds(data, seed, *options)
    results = rounds.results
    try:
        asyncio.run(rounds.run(count, lambda: _show_progress(before, results)))
    except* NotResumedError:
        pass  # already in the results
    except* _FAILURES as problems:
        results.add_fault(Fault.BROKEN, f"the rounds ended early: {problems.exceptions}")
    if results.faults:
        print(f"\nseed {seed}, see {data}\n{results.fault_list()}", file=sys.stderr)
        print("--- log of the server", *rounds.logs, sep="\n", file=sys.stderr)
    else:
        shutil.rmtree(data)
    return results


def _show_progress(*all_results: Results) -> None:
    """Print the progress."""
    now = Results()
    for results in all_results:
        now.add(results)
    print(
        f"{now.rounds} rounds, {now.acknowledged} edits acknowledged, {len(now.faults)} faults ",
        end="\r",
        file=sys.stderr,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description="Writers type while the server is killed and restarted; prints the results.",
        epilog="example: python -m tests.crash --rounds 200 --seed 7 -- --threads 1",
    )
    parser.add_argument("--rounds", type=int, default=20, help="in total (20)")
    parser.add_argument("--each", type=int, default=10, help="per data folder (10)")
    parser.add_argument("--seed", type=int, default=1, help="of the first data folder (1)")
    parser.add_argument("options", nargs="*", help="of the server, after --")
    return parser


if __name__ == "__main__":
    sys.exit(main())
