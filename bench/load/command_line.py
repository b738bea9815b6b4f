"""The command line of the load benchmark."""

import re
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path

from bench.load import systems, workloads
from bench.load.processes import ROOT

_EXAMPLES = """\
examples:
  python -m bench.load                                       everything: fifty minutes
  python -m bench.load --quick                               check that it works: three minutes
  python -m bench.load --only w2,w3 --systems ours           after a change: half a minute
  python -m bench.load --only w2 --systems ours --seconds 5 --runs 1
  python -m bench.load --only w1,w2 --systems ours,sharedb --runs 5
  python -m bench.load --checkout before=../old --checkout after=. --only w3,w3-closed
  python -m bench.load --checkout before=../old --checkout after=. --systems hocuspocus --runs 5
  python -m bench.load --checkout before=../old --checkout after=. --checkouts-as ours-postgresql
  python -m bench.load --only w3-closed --systems ours-postgresql,ours-2-nodes --share 0.25

  make -C ../old .venv/run.stamp PYTHON=/usr/bin/python3     prepare a checkout, with this Python
  python -m bench.load --python ../old/.venv/bin/python      measure our server with it
"""


def parser() -> ArgumentParser:
    found = ArgumentParser(
        prog="python -m bench.load",
        description="Put a load on GollabEdit and on other servers, and measure them side by side.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    found.add_argument(
        "--only",
        type=_some_of(workloads.NAMES),
        default=workloads.NAMES,
        metavar="WORKLOADS",
        help=f"some workloads, separated by commas: {', '.join(workloads.NAMES)}",
    )
    found.add_argument(
        "--systems",
        type=_some_of(systems.NAMES),
        metavar="NAMES",
        help=f"some systems: {', '.join(systems.NAMES)} (all, but with --checkout none)",
    )
    found.add_argument(
        "--checkout",
        type=checkout,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="the server of a checkout, as a row with this name, compared with the first one; can"
        " be repeated",
    )
    found.add_argument(
        "--checkouts-as",
        choices=systems.OURS,
        default="ours",
        metavar="NAME",
        help=f"which of our systems the checkouts are: {', '.join(systems.OURS)} (%(default)s)",
    )
    found.add_argument(
        "--python",
        type=_absolute,
        metavar="PATH",
        help="the Python of our servers, in an environment as `make run` makes it (the running one;"
        " of a checkout the one in its .venv)",
    )
    found.add_argument(
        "--share",
        type=_share,
        metavar="X",
        help="let each of our servers have this share of one processor, such as 0.25, and the"
        " others the rest: as nodes on more processors than there are (Linux, as root)",
    )
    found.add_argument("--runs", type=_positive, metavar="N", help="rounds of every workload")
    found.add_argument("--quick", action="store_true", help="one short round of everything")
    found.add_argument("--edits", type=_positive, metavar="N", help="edits of W2, W5, W6, disk")
    found.add_argument("--seconds", type=float, metavar="S", help="duration of a workload")
    found.add_argument(
        "--full-text", action="store_true", help="send our edits as whole texts, not splices"
    )
    found.add_argument(
        "--out",
        type=_absolute,
        default=ROOT / "build" / "bench",
        metavar="PATH",
        help="a folder for the figures, and for the servers' data (%(default)s)",
    )
    return found


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(value: str) -> tuple[str, ...]:
        names = tuple(value.split(","))
        for name in names:
            if name not in known:
                raise ArgumentTypeError(f"unknown name {name!r}; the names are {', '.join(known)}")
        return names

    return read


def checkout(value: str) -> tuple[str, Path]:
    """Return name and folder of a checkout, given as NAME=DIR."""
    name, is_given, folder = value.partition("=")
    path = _absolute(folder)
    if not is_given:
        raise ArgumentTypeError("name the row, too: NAME=DIR")
    if not re.fullmatch(r"[\w.-]+", name) or name in systems.NAMES:
        raise ArgumentTypeError(f"{name!r} is no new name of letters, digits, '.', '_' and '-'")
    if not (path / "server" / "__main__.py").exists():
        raise ArgumentTypeError(f"{path} has no server/: it is no checkout")
    return name, path


def _absolute(value: str) -> Path:
    return Path(value).absolute()  # a link stays one: the Python of an environment is


def _share(value: str) -> float:
    share = float(value)
    if not 0.01 <= share <= 1:
        raise ArgumentTypeError("must be from 0.01 to 1")
    return share


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number
