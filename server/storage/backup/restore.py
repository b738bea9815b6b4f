"""Restores a backup into an empty data folder, and verifies it. Blocks."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from server.storage.backup import BackupError, manifest
from server.storage.backup.create import ABOUT, About, about, backups_in
from server.storage.data_folder import RESTORING
from server.support.files import locked, write_synced

_FORMAT = "format"
_KEPT = ("lock", "lost+found")
_CHUNK_BYTES = 2**20


def verify(backup: Path, progress: Callable[[str], None]) -> About:
    """Compare the files of a backup with their hashes; return what it says of itself.

    Raises:
        BackupError: It is no backup, or was damaged or changed since.
    """
    digests = _digests(backup)
    try:
        for at, (name, digest) in enumerate(digests.items(), 1):
            progress(f"{at}/{len(digests)} {name}")
            _compare(backup / name, digest, manifest.digest_of(backup / name))
    except OSError as problem:
        raise BackupError(f"{backup} cannot be read: {problem}") from problem
    return about(backup)


def restore(backup: Path, data: Path, progress: Callable[[str], None]) -> About:
    """Make a data folder from a backup; return what its manifest says.

    No server opens the folder until it is complete and verified. After a failure it is empty.

    Args:
        backup: the backup.
        data: the data folder, which must be empty, or not exist.
        progress: called with the name of each file.

    Raises:
        BackupError: Nothing was restored.
    """
    digests = _digests(backup)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(data / "lock"):
            _check_empty(data)
            write_synced(data / _FORMAT, f"{RESTORING}\n".encode())
            try:
                _restore(backup, data, digests, progress)
            except BaseException:
                _empty(data)
                raise
    except BlockingIOError:
        raise BackupError(f"a server uses the data folder {data}; stop it") from None
    except OSError as problem:
        raise BackupError(f"nothing was restored: {problem}") from problem
    return about(backup)


def _digests(backup: Path) -> Mapping[str, str]:
    if not manifest.is_backup(backup) and backup.is_dir() and (found := backups_in(backup)):
        raise BackupError(f"{backup} is a folder of backups; name one, as {found[-1]}")
    return manifest.read(backup)


def _check_empty(data: Path) -> None:
    """Check that nothing but the rest of an interrupted restore would be overwritten."""
    file = data / _FORMAT
    if file.exists() and file.read_text().strip() == RESTORING:
        _empty(data)
    if any(entry.name not in _KEPT for entry in data.iterdir()):
        raise BackupError(f"{data} is not empty; move it away, or name another folder with --data")


def _empty(data: Path) -> None:
    """Remove everything, the mark of an unfinished restore last."""
    for entry in sorted(data.iterdir(), key=lambda entry: entry.name == _FORMAT):
        if entry.name in _KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _restore(
    backup: Path, data: Path, digests: Mapping[str, str], progress: Callable[[str], None]
) -> None:
    for path, _, _ in os.walk(backup):  # Git needs some of them even if they are empty
        (data / Path(path).relative_to(backup)).mkdir(mode=0o700, exist_ok=True)
    for at, (name, digest) in enumerate(digests.items(), 1):
        progress(f"{at}/{len(digests)} {name}")
        source = backup / name
        # `format` is written last; the other is no file of a data folder.
        is_copied = name not in (ABOUT, _FORMAT)
        found = _copy(source, data / name) if is_copied else manifest.digest_of(source)
        _compare(source, digest, found)
    os.sync()
    write_synced(data / _FORMAT, (backup / _FORMAT).read_bytes())


def _copy(source: Path, target: Path) -> str:
    """Copy a file and its permissions; return the hash of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
    shutil.copymode(source, target)
    return digest.hexdigest()


def _compare(file: Path, expected: str, found: str) -> None:
    if found != expected:
        raise BackupError(f"{file} was damaged or changed after the backup was made")
