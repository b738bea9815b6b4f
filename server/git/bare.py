"""Bare repositories on disk, created completely or not at all."""

import shutil
from contextlib import suppress
from pathlib import Path
from threading import Lock

import pygit2

from server.core.git_model import MASTER
from server.support.files import fsync

_creating = Lock()  # two threads could create the same repository


def create(path: Path) -> None:
    """Create a bare repository if there is none: under a temporary name, which is then renamed."""
    with _creating:
        if not path.is_dir():
            _create(path)


def is_begun(path: Path) -> bool:
    """Return whether there is a repository that holds a document."""
    return (path / "packed-refs").exists() or (path / MASTER).exists()


def remove_empty(path: Path) -> None:
    """Remove an empty repository, as a refused push leaves it."""
    with _creating, suppress(FileNotFoundError):  # another push may be writing into it
        if not _is_empty(path):
            return
        gone = path.with_name(f".{path.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _is_empty(path: Path) -> bool:
    """Return whether there is no object, no ref, and none being received."""
    if is_begun(path):
        return False
    parts = (*path.glob("refs/**/*"), *path.glob("objects/*/*"), *path.glob("objects/tmp_*"))
    return not any(part.is_file() or part.name.startswith("tmp_") for part in parts)


def _create(path: Path) -> None:
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    pygit2.init_repository(str(fresh), bare=True, initial_head="master")
    for part in (*fresh.rglob("*"), fresh):
        fsync(part)
    fresh.rename(path)
    fsync(path.parent)
