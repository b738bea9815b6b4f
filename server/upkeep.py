"""Upkeep of a bare repository: its packs are joined before they are too many, by Git itself."""

from pathlib import Path

from server.git_process import GitError, git

_PACKS_MAX = 20


class UpkeepError(Exception):
    """The repository was left as it was."""


def needs_upkeep(path: Path) -> bool:
    """Whether there are too many packs."""
    return sum(1 for _ in (path / "objects" / "pack").glob("*.pack")) > _PACKS_MAX


def maintain(path: Path) -> None:
    """Join packs that are about as large as each other.

    Raises:
        UpkeepError: Git refused.
    """
    try:
        git(path, "repack", "--geometric=2", "-d", "-q")
        git(path, "commit-graph", "write", "--reachable", "--split")
    except GitError as problem:
        raise UpkeepError(str(problem)) from problem
