"""The files of a backup and their hashes, as `sha256sum --check SHA256SUMS` reads them."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from server.storage.backup import BackupError
from server.support.files import write_synced

NAME = "SHA256SUMS"
_DIGEST_LENGTH = 64


def is_backup(folder: Path) -> bool:
    """Return whether a folder is a complete backup."""
    return (folder / NAME).is_file()


def write(folder: Path, previous: Path | None) -> None:
    """Write the hashes of all files; those that are linked to the previous backup are known."""
    known = read(previous) if previous else {}
    lines = []
    for name in sorted(files_in(folder)):
        file = folder / name
        is_known = previous is not None and _is_linked(file, previous / name)
        digest = known[name] if is_known and name in known else digest_of(file)
        lines.append(f"{digest}  {name}\n")
    write_synced(folder / NAME, "".join(lines).encode(errors="surrogateescape"))


def read(folder: Path) -> Mapping[str, str]:
    """Return the hashes of a backup's files by their names.

    Raises:
        BackupError: The folder is no backup.
    """
    try:
        content = (folder / NAME).read_bytes().decode(errors="surrogateescape")
    except OSError:
        raise BackupError(f"{folder} is not a complete backup: it has no {NAME}") from None
    lines = [line.partition("  ") for line in content.split("\n")[:-1]]
    if not all(_is_entry(digest, name) for digest, _, name in lines):
        raise BackupError(f"{folder / NAME} is damaged")
    return {name: digest for digest, _, name in lines}


def digest_of(file: Path) -> str:
    """Return the hash of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def files_in(folder: Path) -> Iterator[str]:
    """Return the paths of all files in a folder and its folders, relative to it."""
    prefix = f"{folder}/"
    for path, _, names in os.walk(folder):
        inner = f"{path}/".removeprefix(prefix)
        yield from (f"{inner}{name}" for name in names)


def _is_linked(file: Path, earlier: Path) -> bool:
    try:
        return file.samefile(earlier)
    except FileNotFoundError:
        return False


def _is_entry(digest: str, name: str) -> bool:
    """Return whether a line is one of ours, and its file is inside of the backup."""
    parts = name.split("/")
    return len(digest) == _DIGEST_LENGTH and not {"", ".", ".."} & set(parts)
