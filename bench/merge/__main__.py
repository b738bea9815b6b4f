"""The benchmark of the three-way merge: quality and speed, beside other tools.

    python -m bench.merge [--only score|speed] [--tools NAMES] [--rows N] [--corpus PATH]

Markdown tables go to stdout, progress to stderr. See bench/README.md.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from pathlib import Path

from bench.merge import corpus
from bench.merge.score import score
from bench.merge.speed import speed
from bench.merge.tool import Tool
from bench.merge.tools import NAMES, open_tools

_ROOT = Path(__file__).parents[2]
_CORPUS = _ROOT.parent / "shared" / "corpus"
_EXAMPLES = """\
examples:
  python -m bench.merge                                      everything
  python -m bench.merge --only score --tools ours            only our score, without other tools
  python -m bench.merge --only score --rows 200              a first impression, in a minute
  python -m bench.merge --only speed --tools ours,git-lines  speed, beside git merge-file
"""


def main() -> None:
    arguments = _parser().parse_args()
    with open_tools(arguments.tools) as (tools, missing):
        versions = dict.fromkeys(tool.version for tool in tools.values())
        _show("## Three-way merge\n\n" + "; ".join([f"Python {sys.version.split()[0]}", *versions]))
        for sentence in missing:
            _show(sentence)
        for part in _parts(arguments, tools):
            _show(part)


def _parts(arguments: Namespace, tools: dict[str, Tool]) -> Iterator[str]:
    rows: corpus.Corpus = {}
    if corpus.exists(arguments.corpus):
        rows = corpus.read(arguments.corpus, arguments.rows)
    else:
        yield f"There is no corpus in {arguments.corpus}: nothing is scored."
    if rows and arguments.only != "speed":
        yield from score(tools, rows)
    if arguments.only != "score":
        live = [
            row for kind in ("split", "indep", "clash", "taken back") for row in rows.get(kind, [])
        ]
        yield from speed(tools, live, arguments.rows)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m bench.merge",
        description="Compare the quality and speed of our three-way merge with other tools.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=["score", "speed"], help="only one half")
    parser.add_argument(
        "--tools",
        type=_names,
        default=NAMES,
        metavar="NAMES",
        help=f"some tools, separated by commas: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--rows", type=_positive, metavar="N", help="at most N rows or texts per kind"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        default=_CORPUS,
        metavar="PATH",
        help="a folder with live.jsonl.gz and merges.jsonl.gz (%(default)s)",
    )
    return parser


def _names(value: str) -> tuple[str, ...]:
    names = tuple(value.split(","))
    for name in names:
        if name not in NAMES:
            raise ArgumentTypeError(f"unknown tool {name!r}; the tools are {', '.join(NAMES)}")
    return names


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


def _show(part: str) -> None:
    print(part, end="\n\n", flush=True)


main()
