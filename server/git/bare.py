"""Bare repositories on disk, created completely or not at all."""

import shutil
from contextlib import suppress
from pathlib import Path
from threading import Lock

from server.core.git_model import MASTER
from server.support.files import fsync, make_folder, sync_tree

_HEAD = "ref: refs/heads/master\n"
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
"""
_FOLDERS = ("objects/pack", "refs/heads")  # Git makes others when it needs them

_creating = Lock()  # two threads could create the same repository


def create(path: Path) -> None:
    """Create a bare repository if there is none: under a temporary name, which is then renamed."""
    with _creating:
        if not path.is_dir():
            _create(path)


def lay_out(path: Path) -> None:
    """Create an empty bare repository without syncing it; replace what is there."""
    shutil.rmtree(path, ignore_errors=True)
    make_folder(path)
    for folder in _FOLDERS:
        (path / folder).mkdir(parents=True)
    (path / "HEAD").write_text(_HEAD)
    (path / "config").write_text(_CONFIG)


def publish(complete: Path, path: Path) -> bool:
    """Give a complete repository its name, unless there is one; return whether it got it."""
    with _creating:
        if path.is_dir():
            return False
        complete.rename(path)
        return True


def is_begun(path: Path) -> bool:
    """Return whether there is a repository that holds a document."""
    return (path / "packed-refs").exists() or (path / MASTER).exists()


def remove_empty(path: Path) -> None:
    """Remove an empty repository, as a refused push leaves it."""
    with _creating, suppress(FileNotFoundError):  # another push may be writing into it
        if not _is_empty(path):
            return
        remove(path)


def remove(path: Path) -> None:
    """Remove a repository: rename it first, so that it is never seen incomplete."""
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
    lay_out(fresh)
    sync_tree(fresh)
    fresh.rename(path)
    fsync(path.parent)
