"""Kill the server for as long as you like: `python -m tests.crash --help`."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from aiohttp import ClientError

from tests.crash.rounds import Rounds
from tests.crash.tally import Fault, Tally
from tests.crash.writer import ShutOutError
from tests.server.sockets.client import ClosedError

# What may come of a server that breaks a rule: it ends these rounds, and others begin.
_FAILURES = (AssertionError, ClosedError, ClientError, OSError)


def main() -> int:
    options = _parser().parse_args()
    total = Tally()
    for number, first in enumerate(range(0, options.rounds, options.each)):
        count = min(options.each, options.rounds - first)
        total.add(_run(options.seed + number, count, options.options, total))
    print(file=sys.stderr)
    print(total.table())
    return 1 if total.faults else 0


def _run(seed: int, count: int, options: list[str], before: Tally) -> Tally:
    """Rounds on a data folder of their own, which stays where there was a fault."""
    data = Path(mkdtemp(prefix="gollabedit-crash-")).resolve()
    rounds = Rounds(data, seed, *options)
    tally = rounds.tally
    try:
        asyncio.run(rounds.run(count, lambda: _tell(before, tally)))
    except* ShutOutError:
        pass  # it is in the tally
    except* _FAILURES as problems:
        tally.complain(Fault.BROKEN, f"the rounds ended early: {problems.exceptions}")
    if tally.faults:
        print(f"\nseed {seed}, see {data}\n{tally.complaints()}", file=sys.stderr)
        print("--- log of the server", *rounds.logs, sep="\n", file=sys.stderr)
    else:
        shutil.rmtree(data)
    return tally


def _tell(*tallies: Tally) -> None:
    """Say how far it is."""
    now = Tally()
    for tally in tallies:
        now.add(tally)
    print(
        f"{now.rounds} rounds, {now.acknowledged} edits acknowledged, {len(now.faults)} faults ",
        end="\r",
        file=sys.stderr,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description="People type, the server is killed and starts again; says what became of it.",
        epilog="example: python -m tests.crash --rounds 200 --seed 7 -- --threads 1",
    )
    parser.add_argument("--rounds", type=int, default=20, help="in all (20)")
    parser.add_argument("--each", type=int, default=10, help="on one data folder (10)")
    parser.add_argument("--seed", type=int, default=1, help="of the first data folder (1)")
    parser.add_argument("options", nargs="*", help="of the server, after --")
    return parser


if __name__ == "__main__":
    sys.exit(main())
