"""Makes repositories on the disk of what is stored in PostgreSQL.

A repository that differs from what is stored is made anew, with the packs that it has undamaged.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.git import bare
from server.git.process import GitError, git
from server.storage.journal import DamagedError, JournalError
from server.storage.journal.postgresql import on_disk, repositories
from server.storage.journal.postgresql.connection import Connection
from server.support.files import sync_tree

_log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{40}")


def restore(
    connection: Connection, document: str, repository: Path, *, is_trusted: bool = False
) -> bool:
    """Make the repository of a stored document on the disk what is stored.

    Args:
        connection: is not used by anybody else.
        document: the document.
        repository: the path of its bare repository, which nobody uses.
        is_trusted: whether packs that are there count as undamaged.

    Returns:
        Whether the document is stored; else the disk stays as it is.

    Raises:
        JournalError: The disk cannot be written, or what is stored is damaged.
    """
    row = connection.execute(
        "select from gollabedit.documents where name = %s", [document]
    ).fetchone()
    if row is None:
        return False
    packs, refs = repositories.packs(connection, document), repositories.refs(connection, document)
    try:
        is_there = _is_on_disk(repository, packs, refs)
        if not (is_there and (is_trusted or _is_intact(repository, packs))):
            _rebuild(connection, document, repository, packs, refs)
    except (OSError, GitError) as problem:
        raise JournalError(f"{repository} cannot be made: {problem}") from problem
    return True


def is_stored(connection: Connection, document: str, repository: Path) -> bool:
    """Return whether a repository on the disk is what is stored; its packs are not read."""
    packs, refs = repositories.packs(connection, document), repositories.refs(connection, document)
    return bool(packs) and _is_on_disk(repository, packs, refs)


def _is_on_disk(repository: Path, packs: set[str], refs: dict[bytes, str]) -> bool:
    if not repository.is_dir():
        return not packs and not refs
    return set(on_disk.packs(repository)) == packs and on_disk.refs(repository) == refs


def _is_intact(repository: Path, packs: set[str]) -> bool:
    return all(on_disk.is_pack_intact(repository, id) for id in packs)


def _rebuild(
    connection: Connection,
    document: str,
    repository: Path,
    packs: set[str],
    refs: dict[bytes, str],
) -> None:
    _log.info("%s: its repository is made from what is stored", document)
    new = repository.with_name(f".{repository.name}.restored")
    _write(connection, document, new, packs, refs, reused=repository)
    shutil.rmtree(repository, ignore_errors=True)
    if packs or refs:
        new.rename(repository)
    else:  # all of it is in the journal
        shutil.rmtree(new)


def copy(
    connection: Connection, document: str, repository: Path, reused: Path | None = None
) -> None:
    """Make a new repository of what is stored; replace what is there.

    Args:
        connection: sees one moment.
        document: the document, which may be in the trash.
        repository: the path of the bare repository.
        reused: an earlier copy, whose packs are linked.

    Raises:
        JournalError: The disk cannot be written, or what is stored is damaged.
    """
    packs, refs = repositories.packs(connection, document), repositories.refs(connection, document)
    try:
        shutil.rmtree(repository, ignore_errors=True)
        if packs or refs:  # else all of it is in the journal
            _write(connection, document, repository, packs, refs, reused)
    except GitError as problem:
        raise DamagedError(f"what is stored of {document} is damaged: {problem}") from problem
    except OSError as problem:
        raise JournalError(f"{repository} cannot be written: {problem}") from problem


def _write(
    connection: Connection,
    document: str,
    new: Path,
    packs: set[str],
    refs: dict[bytes, str],
    reused: Path | None = None,
) -> None:
    """Write a repository, with packs of another one where that has them."""
    bare.lay_out(new)
    for id in sorted(packs):
        if reused is None or not _reuse_pack(reused, id, new):
            _write_pack(connection, document, id, new)
    moves = b"".join(b"create %s %s\n" % (name, head.encode()) for name, head in refs.items())
    git(new, "update-ref", "--stdin", stdin=moves)
    git(new, "pack-refs", "--all")
    sync_tree(new)


def _reuse_pack(repository: Path, id: str, new: Path) -> bool:
    """Link a pack that the disk has; return whether it has it, undamaged."""
    if not on_disk.is_pack_intact(repository, id):
        return False
    for ending in (".idx", ".pack"):
        file = on_disk.pack_file(repository, id).with_suffix(ending)
        try:
            (on_disk.pack_folder(new) / file.name).hardlink_to(file)
        except OSError:  # the disk has no hard links, or no more of them
            return False
    return True


def _write_pack(connection: Connection, document: str, id: str, new: Path) -> None:
    if not _ID.fullmatch(id):
        raise DamagedError(f"{document}: no pack is called {id!r}")
    file = on_disk.pack_file(new, id)
    with file.open("wb") as out:
        for part in _parts(connection, document, id):
            out.write(part)
    git(new, "index-pack", str(file), gently=True)


def _parts(connection: Connection, document: str, id: str) -> Iterator[bytes]:
    with connection.cursor(binary=True) as cursor:
        number = 0
        while row := cursor.execute(
            "select bytes from gollabedit.packs where document = %s and id = %s and part = %s",
            [document, id, number],
        ).fetchone():
            yield row[0]
            number += 1
