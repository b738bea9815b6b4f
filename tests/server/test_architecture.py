"""The map in ARCHITECTURE.md shows the folders that there are."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TREE = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")


def folders(of: Path) -> set[str]:
    return {path.name for path in of.iterdir() if path.is_dir() and path.name != "__pycache__"}


def shown(top: str) -> set[str]:
    """The folders below this one in the tree."""
    [tree] = [block for block in _TREE if block.startswith("\nmerge/ ")]
    rest = tree.partition(f"\n{top}/ ")[2]
    below = re.match(r"[^\n]*\n((?:  .*\n)*)", rest)
    return set(re.findall(r"^  (\w+)/", below[1], re.MULTILINE)) if below else set()


@pytest.mark.parametrize("top", ["server", "web"])
def test_the_tree_shows_every_folder(top: str) -> None:
    assert shown(top) == folders(_ROOT / top)
