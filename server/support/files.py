"""Files and folders that survive a power loss."""

import ctypes
import errno
import os
from pathlib import Path

_EXCHANGE = 2  # RENAME_EXCHANGE of Linux
_HERE = -100  # AT_FDCWD: paths are as for everybody
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_synced(file: Path, content: bytes) -> None:
    """Write a small file so that it is there completely or not at all."""
    fresh = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)
    sync(file.parent)


def exchange(one: Path, other: Path) -> None:
    """Let two files of one folder change places: in one step, where the system has one for it.

    Elsewhere a file that is put in the place of `other` within these steps is lost, and on a file
    system without links nothing is left in the place of `one`.
    """
    names = (os.fsencode(one), os.fsencode(other))
    if _rename is not None:
        if _rename(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _NOT_HERE:
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
