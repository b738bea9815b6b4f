"""The tools by name."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from bench.merge.in_process import DiffMatchPatch, Merge3, Ours
from bench.merge.node_diff3 import NodeDiff3
from bench.merge.processes import Git, GitTokens, Wiggle
from bench.merge.tool import Missing, Tool
from merge.tokens import lines, tokens

_TOOLS: dict[str, Callable[[], Tool]] = {
    "ours": lambda: Ours(live=False),
    "ours-live": lambda: Ours(live=True),
    "git-lines": Git,
    "git-tokens": GitTokens,
    "merge3-lines": lambda: Merge3(lines),
    "merge3-tokens": lambda: Merge3(tokens),
    "node-diff3-lines": lambda: NodeDiff3(lines),
    "node-diff3-tokens": lambda: NodeDiff3(tokens),
    "dmp": DiffMatchPatch,
    "wiggle": Wiggle,
}
NAMES = tuple(_TOOLS)


@contextmanager
def open_tools(names: Iterable[str]) -> Iterator[tuple[dict[str, Tool], list[str]]]:
    """Yield the installed tools, and a sentence for each missing one."""
    tools: dict[str, Tool] = {}
    missing: list[str] = []
    try:
        for name in names:
            try:
                tools[name] = _TOOLS[name]()
            except Missing as error:
                missing.append(f"{name} is skipped: {error}.")
        yield tools, missing
    finally:
        for tool in tools.values():
            tool.close()
