"""A consistent copy of one document: its repository, with what only the journal has.

Nothing is locked. A checkpoint first adds a pack, then moves the refs, and then has the journal
forget the entries; so files are read in this order:

    refs       and again after the journal: if they are the same, no checkpoint came between, and
    journal    refs and entries together are what was acknowledged at that moment
    refs
    objects    until two lists are equal, as a repack replaces packs; none is ever dropped

What is acknowledged before the copy begins is in it. A repository that is renamed, deleted or
replaced meanwhile is not copied (`MovedError`): the caller looks again.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from server.git.changes import Log
from server.storage.backup import BackupError
from server.storage.backup.copier import Copier

_QUIET_S = 30.0  # for a moment in which the files of a repository stay the same
_PAUSE_S = 0.01
_RESTLESS = "{} changes all the time; try again when less is written"
_TEMPORARY = ("tmp_", ".tmp-")  # of Git, files and folders
_FOLDERS = ("objects", "refs")  # Git needs them even if they are empty


class MovedError(Exception):
    """The repository has gone from this place."""


def inode_of(repository: Path) -> int:
    """Return what tells a repository from another one of its name; 0 if there is none."""
    try:
        return repository.stat().st_ino
    except FileNotFoundError:
        return 0


def copy_repository(copier: Copier, name: str, inode: int, read_log: Callable[[], Log]) -> Log:
    """Copy a repository; return the entries that only the journal has.

    Args:
        copier: copies the files.
        name: the path of the repository in the data folder.
        inode: the repository that is meant; 0 if there is none, but entries in the journal.
        read_log: reads the entries.

    Raises:
        MovedError: It is not there any more; what was copied is no use.
        BackupError: It changes all the time.
    """
    try:
        refs, log = _refs_and_log(copier.data / name, read_log)
        if refs:
            _copy(copier, name, refs)
    except FileNotFoundError:
        raise MovedError(name) from None
    if inode_of(copier.data / name) != inode or not (refs or log.entries):
        raise MovedError(name)
    return log


def _refs_and_log(path: Path, read_log: Callable[[], Log]) -> tuple[dict[str, bytes], Log]:
    """Return the refs and the entries of one moment."""
    for _ in _attempts():
        refs, log = _refs(path), read_log()
        if refs == _refs(path):
            return refs, log
    raise BackupError(_RESTLESS.format(path.name))


def _refs(path: Path) -> dict[str, bytes]:
    """Return the files of the refs, read as Git does: first those that packing would remove."""
    loose = (f"refs/{name}" for name in _files(path / "refs"))
    found = {}
    for name in (*loose, "packed-refs", "HEAD"):
        with suppress(FileNotFoundError):  # it was deleted, or is in packed-refs now
            found[name] = (path / name).read_bytes()
    return found


def _copy(copier: Copier, name: str, refs: Mapping[str, bytes]) -> None:
    for folder in _FOLDERS:
        copier.make_folder(f"{name}/{folder}")
    for file, content in refs.items():
        copier.write(f"{name}/{file}", content)
    copied: set[str] = set()
    for _ in _attempts():
        listed = set(_others(copier.data / name))
        copied |= {file for file in listed - copied if _copy_other(copier, name, file)}
        if listed <= copied and listed == set(_others(copier.data / name)):
            for file in copied - listed:
                copier.remove(f"{name}/{file}")
            return
    raise BackupError(_RESTLESS.format(name))


def _copy_other(copier: Copier, name: str, file: str) -> bool:
    """Copy a file; return whether it was still there."""
    is_object = file.startswith("objects/") and not file.startswith("objects/info/")
    try:
        copier.copy(f"{name}/{file}", is_immutable=is_object)
    except FileNotFoundError:
        return False
    return True


def _others(path: Path) -> Iterator[str]:
    """Return all files but those of refs."""
    for entry in os.scandir(path):
        if not entry.is_dir():
            if entry.name not in ("packed-refs", "HEAD") and not entry.name.endswith(".lock"):
                yield entry.name
        elif entry.name != "refs":
            yield from (f"{entry.name}/{file}" for file in _files(Path(entry.path)))


def _files(folder: Path) -> Iterator[str]:
    """Return the files in a folder and its folders, but for those that are being written."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(_TEMPORARY) or entry.name.endswith(".lock"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{file}" for file in _files(Path(entry.path)))
        else:
            yield entry.name


def _attempts() -> Iterator[None]:
    """Allow an attempt after another, with pauses, for some time."""
    until = time.monotonic() + _QUIET_S
    while time.monotonic() < until:
        yield
        time.sleep(_PAUSE_S)
