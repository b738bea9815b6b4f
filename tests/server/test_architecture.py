"""What ARCHITECTURE.md shows: the folders, and the layers of `web/`."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_BLOCKS = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")
_IMPORT = re.compile(r"(?:from|import\()\s*'\.\./(\w+)/")


def folders(of: Path) -> set[str]:
    return {path.name for path in of.iterdir() if path.is_dir() and path.name != "__pycache__"}


def shown(top: str) -> set[str]:
    """The folders below this one in the tree."""
    [tree] = [block for block in _BLOCKS if block.startswith("\nmerge/ ")]
    rest = tree.partition(f"\n{top}/ ")[2]
    below = re.match(r"[^\n]*\n((?:  .*\n)*)", rest)
    return set(re.findall(r"^  (\w+)/", below[1], re.MULTILINE)) if below else set()


@pytest.mark.parametrize("top", ["server", "web"])
def test_the_tree_shows_every_folder(top: str) -> None:
    assert shown(top) == folders(_ROOT / top)


def test_a_folder_of_the_pages_imports_only_from_those_below_it() -> None:
    [layers] = [block for block in _BLOCKS if block.startswith("\npages > ")]
    level = {
        folder: number
        for number, layer in enumerate(reversed(layers.split(">")))
        for folder in re.findall(r"\w+", layer)
    }
    assert set(level) == folders(_ROOT / "web")
    upward = [
        f"{module.parent.name}/{module.name} imports from {other}/"
        for module in (_ROOT / "web").glob("*/*.js")
        for other in set(_IMPORT.findall(module.read_text(encoding="utf-8")))
        if other != module.parent.name and level[other] >= level[module.parent.name]
    ]
    assert upward == []
