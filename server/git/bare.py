"""Bare repositories on disk: made complete, or not at all."""

import shutil
from contextlib import suppress
from pathlib import Path
from threading import Lock

import pygit2

from server.core.git_model import MASTER
from server.support.files import sync

_creating = Lock()  # of two that make the same repository, one would take the other's apart


def create(path: Path) -> None:
    """Make a bare repository where there is none: complete under another name, then renamed."""
    with _creating:
        if not path.is_dir():
            _create(path)


def is_begun(path: Path) -> bool:
    """Whether a repository is there and holds a document."""
    return (path / "packed-refs").exists() or (path / MASTER).exists()


def remove_empty(path: Path) -> None:
    """Take away a repository that holds nothing: what a push leaves that was refused."""
    with _creating, suppress(FileNotFoundError):  # somebody else's push may be moving in it
        if not _is_empty(path):
            return
        gone = path.with_name(f".{path.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _is_empty(path: Path) -> bool:
    """Whether there is nothing, and nothing is just coming in."""
    if is_begun(path):
        return False
    parts = (*path.glob("refs/**/*"), *path.glob("objects/*/*"), *path.glob("objects/tmp_*"))
    return not any(part.is_file() or part.name.startswith("tmp_") for part in parts)


def _create(path: Path) -> None:
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    pygit2.init_repository(str(fresh), bare=True, initial_head="master")
    for part in (*fresh.rglob("*"), fresh):
        sync(part)
    fresh.rename(path)
    sync(path.parent)
