"""The time and memory that `gollabedit --version`, `append` and `cat` take.

python -m bench.start
python -m bench.start --runs 50
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from bench.load.processes import ENVIRONMENT, ROOT, BenchError, Server

_GOLLABEDIT = str(Path(sys.executable).with_name("gollabedit"))
_SECONDS_MAX = 0.2
_MEGABYTES_MAX = 30.0


def measure(command: list[str]) -> tuple[float, float]:
    """Run `gollabedit` and return how many seconds and megabytes it took.

    The memory is at least that of this process (15 MB): the system counts it for a child, too.

    Raises:
        BenchError: the command failed.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        [_GOLLABEDIT, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main() -> int:
    """Read the options, measure, print; return 1 if a limit is exceeded."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10, help="of each command (default: 10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "line.txt"
        text.write_text("a line\n")
        serve = [_GOLLABEDIT, "serve", "--port", "0", "--data", str(folder / "data")]
        with Server(serve, folder / "server.log") as server:
            url = f"{server.address()}/d/notes"
            measured = {
                command[0]: [measure(command) for _ in range(options.runs)]
                for command in (["--version"], ["append", url, str(text)], ["cat", url])
            }
            server.end()
    within = [_print(name, runs) for name, runs in measured.items()]
    return 0 if all(within) else 1


def _print(name: str, runs: list[tuple[float, float]]) -> bool:
    """Print what a command took, and return whether that is within the limits.

    The fastest run counts, as the machine's other work only slows a run down.
    """
    seconds, megabytes = min(run[0] for run in runs), max(run[1] for run in runs)
    is_within = seconds <= _SECONDS_MAX and megabytes <= _MEGABYTES_MAX
    print(
        f"{name:9} at best {seconds:.2f} s (limit {_SECONDS_MAX:.2f}),"
        f" at most {megabytes:.0f} MB (limit {_MEGABYTES_MAX:.0f}){'' if is_within else '  OVER'}"
    )
    return is_within


if __name__ == "__main__":
    sys.exit(main())
