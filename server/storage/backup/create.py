"""Makes a backup: copies, verifies and names it, and removes old ones. Blocks."""

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Protocol

import msgspec

from server.storage.backup import BackupError, manifest
from server.storage.backup.copy import FolderCopy
from server.storage.fsck import CheckError, Finding, check_folder, check_journal
from server.storage.journal import JournalError
from server.support.files import fsync, locked, write_synced

ABOUT = "backup.json"
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?")


class About(msgspec.Struct, frozen=True):
    """What `backup.json` says of a backup.

    Attributes:
        time: when it was begun, in Unix seconds.
        documents: the number of documents.
        faults: what was wrong when it was made, by document; the folder itself has no name.
    """

    time: float
    documents: int
    faults: Mapping[str, Sequence[str]] = {}


_decode = msgspec.json.Decoder(About).decode


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made.

    Attributes:
        path: its folder.
        about: what it says of itself.
        changed: the number of documents that differ from those of the previous backup.
        removed: the old backups that were removed.
    """

    path: Path
    about: About
    changed: int
    removed: Sequence[Path] = ()


class Copy(Protocol):
    """What copies; `write` does it once."""

    @property
    def documents(self) -> list[str]:
        """The documents that were copied."""

    @property
    def changed(self) -> set[str]:
        """Those of them that differ from the previous backup."""

    def write(self) -> None:
        """Copy everything."""


def create(
    data: Path,
    folder: Path,
    keep: int | None,
    progress: Callable[[str], None],
    *,
    is_full: bool = False,
) -> Made:
    """Make a backup of a data folder, which a server may use; the other arguments are `make`'s.

    Raises:
        BackupError: There is no new backup.
    """
    if folder.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{folder} is in the data folder; choose a folder elsewhere")

    def copy(target: Path, previous: Path | None) -> FolderCopy:
        return FolderCopy(data, target, previous, progress)

    return make(copy, folder, keep, progress, is_full=is_full)


def make(
    copy: Callable[[Path, Path | None], Copy],
    folder: Path,
    keep: int | None,
    progress: Callable[[str], None],
    *,
    is_full: bool = False,
) -> Made:
    """Make a backup.

    Args:
        copy: returns what copies into a folder, given this and the previous backup.
        folder: the folder of the backups, which is created if there is none.
        keep: the number of backups that are kept; None: all.
        progress: called with what is being done.
        is_full: whether also that is copied which the previous backup has.

    Raises:
        BackupError: There is no new backup.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            _remove_unfinished(folder)
            earlier = backups_in(folder)
            made = _create(copy, folder, earlier[-1] if earlier and not is_full else None, progress)
            if keep is None or made.about.faults:  # an old backup may be the last sound one
                return made
            return replace(made, removed=_removed(earlier, keep - 1, made.path))
    except BlockingIOError:
        raise BackupError(f"another backup into {folder} is being made") from None
    except (OSError, JournalError, CheckError, sqlite3.Error) as problem:
        raise BackupError(f"no backup was made: {problem}") from problem


def backups_in(folder: Path) -> list[Path]:
    """Return the complete backups in a folder, the oldest first."""
    found = (path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    return sorted(filter(manifest.is_backup, found), key=_age)


def _age(backup: Path) -> tuple[str, float]:
    """Return when a backup was made, for sorting; there may be several of one second."""
    return backup.name.partition("Z")[0], (backup / manifest.NAME).stat().st_mtime


def about(backup: Path) -> About:
    """Return what a backup says of itself.

    Raises:
        BackupError: It cannot be read.
    """
    try:
        return _decode((backup / ABOUT).read_bytes())
    except (OSError, msgspec.MsgspecError) as problem:
        raise BackupError(f"{backup / ABOUT} cannot be read: {problem}") from None


def _create(
    copy_into: Callable[[Path, Path | None], Copy],
    folder: Path,
    previous: Path | None,
    progress: Callable[[str], None],
) -> Made:
    began = time.time()
    path = _free_path(folder, began)
    new = folder / f".{path.name}.new"
    new.mkdir(mode=0o700)
    try:
        copy = copy_into(new, previous)
        copy.write()
        suspects = about(previous).faults.keys() if previous else set()
        to_check = [name for name in copy.documents if name in copy.changed | suspects]
        at = count(1)
        findings = check_folder(
            new,
            to_check,
            partial(check_journal, new),
            lambda name: progress(f"{next(at)}/{len(to_check)} {name}: checking"),
        )
        said = About(began, len(copy.documents), _faults(findings))
        write_synced(new / ABOUT, msgspec.json.encode(said))
        progress("writing the list of files")
        manifest.write(new, previous)
        os.sync()  # one for all files, of which there may be a hundred thousand
        new.rename(path)
        fsync(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Made(path, said, len(copy.changed))


def _faults(findings: Sequence[Finding]) -> dict[str, list[str]]:
    wrong = [finding for finding in findings if finding.is_wrong]
    by_document = {finding.document: list[str]() for finding in wrong}
    for finding in wrong:
        by_document[finding.document].append(finding.sentence)
    return by_document


def _free_path(folder: Path, began: float) -> Path:
    stamp = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime(began))
    names = chain([stamp], (f"{stamp}-{number}" for number in count(2)))
    return next(folder / name for name in names if not (folder / name).exists())


def _removed(earlier: Sequence[Path], keep: int, made: Path) -> Sequence[Path]:
    """Remove all but the newest of the earlier backups; return the removed ones.

    Each gets another name first, so that a backup with missing files never looks complete.
    """
    removed = earlier[: max(0, len(earlier) - keep)]
    try:
        for backup in removed:
            gone = backup.with_name(f".{backup.name}.gone")
            backup.rename(gone)
            shutil.rmtree(gone)
    except OSError as problem:
        raise BackupError(f"{made} was made, but an old backup stays: {problem}") from problem
    return removed


def _remove_unfinished(folder: Path) -> None:
    for kind in (".*.new", ".*.gone"):
        for left in folder.glob(kind):
            shutil.rmtree(left)
