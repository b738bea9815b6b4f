"""The tools in Python: ours, merge3 and diff-match-patch.

The other ones are imported on demand, because only the dependency group `bench` has them.
"""

from importlib.metadata import version
from typing import Any

from bench.merge.tool import Missing, Splitter, Tool, limited, third_party
from merge.three_way import merge


class Ours(Tool):
    """The merge of this project."""

    version = "ours: this tree"

    def __init__(self, *, live: bool) -> None:
        self._live = live
        # The known results of the corpus are those of careful merges.
        self.scored = not live

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        with limited():
            found = merge(base, ours, theirs, live=self._live)
        return found.text if found.clean else None


class Merge3(Tool):
    """The merge of Bazaar and Breezy, over lines or tokens."""

    def __init__(self, split: Splitter) -> None:
        try:
            import merge3
        except ModuleNotFoundError as error:
            raise Missing(_hint("merge3")) from error
        self._merge3 = merge3.Merge3
        self._split = split
        self.version = f"merge3 {version('merge3')}"

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        with third_party():
            return self._merged(*(self._split(text) for text in (base, ours, theirs)))

    def _merged(self, base: list[str], ours: list[str], theirs: list[str]) -> str | None:
        parts: list[str] = []
        for group in self._merge3(base, ours, theirs).merge_groups():
            if group[0] == "conflict":
                return None
            parts.extend(group[1])
        return "".join(parts)


class DiffMatchPatch(Tool):
    """The changes of theirs as a patch, applied to ours wherever it fits best."""

    def __init__(self) -> None:
        try:
            from diff_match_patch import diff_match_patch
        except ModuleNotFoundError as error:
            raise Missing(_hint("diff-match-patch")) from error
        self._patcher: Any = diff_match_patch()
        self.version = f"diff-match-patch {version('diff-match-patch')}"

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        with third_party():
            patches = self._patcher.patch_make(base, theirs)
            text, applied = self._patcher.patch_apply(patches, ours)
        return str(text) if all(applied) else None


def _hint(package: str) -> str:
    return f"{package} is not installed; `make bench-merge` installs it"
