"""The replacement of a repository by one with another history.

    old repository ─▶ Rewriting ─▶ new repository beside it, verified ─▶ takes the old one's place

The new repository has exactly the objects that its refs reach, so nothing is left over in it. Until
it is verified the old one is untouched, and a crash in between leaves one of them (`recover`).
Blocks.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from server.git import object_files
from server.git.bare import create
from server.git.objects import DELTA_DEPTH_MAX, small_as_deltas
from server.git.pack import pack
from server.git.process import git
from server.git.repack import SETTINGS, WINDOW
from server.git.rewriting import Rewritten
from server.support.files import fsync, sync_tree


class RewriteError(Exception):
    """Nothing was changed; the message is one sentence."""


def replace_history(repository: Path, rewritten: Rewritten, verify: Callable[[Path], None]) -> int:
    """Replace a repository that nobody changes meanwhile; return the size of the new one in bytes.

    Args:
        repository: the bare repository.
        rewritten: its new history.
        verify: raises `GitError` if the new repository, whose path it gets, is not as it must be.

    Raises:
        GitError, OSError: Git or the disk failed; the old repository is there still.
    """
    new = _beside(repository, "rewritten")
    shutil.rmtree(new, ignore_errors=True)
    try:
        _build(new, repository, rewritten)
        git(new, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")
        verify(new)
        sync_tree(new)
        size = object_files.size_of(new).bytes
        _swap(repository, new)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return size


def _build(new: Path, old: Path, rewritten: Rewritten) -> None:
    """Write the new repository: new objects, and those of the old one that stay."""
    create(new)
    for name in ("config", "HEAD"):
        shutil.copyfile(old / name, new / name)
    borrowed = new / "objects" / "info" / "alternates"
    borrowed.parent.mkdir()
    borrowed.write_text(f"{(old / 'objects').absolute()}\n")
    if rewritten.objects:
        content = pack(small_as_deltas(rewritten.objects)).content
        git(new, "index-pack", "--stdin", "--fix-thin", "--strict", stdin=content)
    moves = "".join(f"create {name} {id}\n" for name, id in rewritten.refs.items())
    git(new, "update-ref", "--stdin", stdin=moves.encode(errors="surrogateescape"))
    git(new, "pack-refs", "--all")
    how = (f"--depth={DELTA_DEPTH_MAX}", f"--window={WINDOW}")
    git(new, *SETTINGS, "repack", "-a", "-d", "-q", *how)
    borrowed.unlink()
    git(new, "commit-graph", "write", "--reachable", "--no-progress")


def _swap(repository: Path, new: Path) -> None:
    """Replace the old repository by the new one."""
    old = _beside(repository, "replaced")
    shutil.rmtree(old, ignore_errors=True)
    repository.rename(old)
    new.rename(repository)
    fsync(repository.parent)
    shutil.rmtree(old)


def recover(data: Path) -> None:
    """Finish what a crash has interrupted in a data folder."""
    for old in data.glob(".*.git.replaced"):
        repository = old.with_name(old.name[1:].removesuffix(".replaced"))
        new = _beside(repository, "rewritten")
        if not repository.exists():
            (new if new.exists() else old).rename(repository)
            fsync(data)
        shutil.rmtree(old, ignore_errors=True)
    for new in data.glob(".*.git.rewritten"):
        shutil.rmtree(new, ignore_errors=True)


def _beside(repository: Path, state: str) -> Path:
    return repository.with_name(f".{repository.name}.{state}")
