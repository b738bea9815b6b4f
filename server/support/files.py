"""Writing files and folders so that they survive a power loss."""

import ctypes
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

_EXCHANGE = 2  # RENAME_EXCHANGE of Linux
_WORKING_DIRECTORY = -100  # AT_FDCWD: relative paths are relative to the working directory
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_folders = Lock()  # what is made in a folder keeps it from being removed
_rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def fsync(path: Path) -> None:
    """Flush a file's bytes, or a folder's entries, to disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_tree(folder: Path) -> None:
    """Flush a folder with all that is in it to disk."""
    for part in (*folder.rglob("*"), folder):
        fsync(part)


def make_folder(folder: Path) -> None:
    """Make a folder if there is none; it is not synced, but those that it is in are."""
    with _folders:
        _make_around(folder)
        folder.mkdir(exist_ok=True)


def make_folder_of(path: Path) -> None:
    """Create the parent of a file or folder durably, if it is missing."""
    with _folders:
        _make_around(path)


def _make_around(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        _make_around(folder)
        folder.mkdir(exist_ok=True)
        fsync(folder.parent)


def move(source: Path, target: Path) -> None:
    """Rename durably; make the folder of the target if there is none."""
    with _folders:
        _make_around(target)
        source.rename(target)
        for parent in {source.parent, target.parent}:
            fsync(parent)


def remove_if_empty(folder: Path) -> bool:
    """Remove a folder that nothing is in; return whether it is gone."""
    with _folders:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def write_synced(file: Path, content: bytes) -> None:
    """Write a small file atomically and durably."""
    fresh = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)
    fsync(file.parent)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, which is created if there is none.

    Raises:
        BlockingIOError: Another program holds it.
    """
    opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


def exchange(one: Path, other: Path) -> None:
    """Exchange two files of one folder, atomically if the system supports that.

    Elsewhere a file that another program puts in the place of `other` meanwhile is lost, and on a
    file system without hard links nothing is left in the place of `one`.
    """
    names = (os.fsencode(one), os.fsencode(other))
    if _rename is not None:
        if _rename(_WORKING_DIRECTORY, names[0], _WORKING_DIRECTORY, names[1], _EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), str(other))
    _exchange_by_steps(one, other)


def _exchange_by_steps(one: Path, other: Path) -> None:
    spare = one.with_name(f"{one.name}-spare")
    try:
        spare.hardlink_to(other)
    except OSError as problem:
        if problem.errno == errno.ENOENT:
            raise
    one.replace(other)
    if spare.exists():
        spare.rename(one)
