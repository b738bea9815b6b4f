"""Stores repositories of the disk in PostgreSQL: their packs and refs.

A pack is stored in parts, without its index, which Git computes from it. What is stored is exactly
what the disk has: a repack replaces rows.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server.git import object_files
from server.git.process import GitError, git
from server.storage.journal import DamagedError, JournalError, NotOwnedError
from server.storage.journal.postgresql import on_disk, repositories
from server.storage.journal.postgresql.connection import Connection, Cursor
from server.storage.journal.postgresql.ownership import Owner

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Written:
    """A repository into which something was written that is to be stored.

    Attributes:
        document: the document.
        repository: its bare repository, in which other programs may write.
        owner: this server, which must own the document, unless it is not stored yet.
        up_to: the position of a checkpoint that is in the repository.
        first_name: the name that it was made with, if it is not stored yet and has another one.
    """

    document: str
    repository: Path
    owner: Owner
    up_to: int = 0
    first_name: str = ""


def store(connection: Connection, written: Written) -> None:
    """Store a repository, and drop the entries up to its position, in one transaction.

    Args:
        connection: is not used by anybody else.
        written: what is stored.

    Raises:
        NotOwnedError: Nothing was stored.
        DamagedError: A pack on the disk is damaged; nothing was stored.
        JournalError: The disk cannot be read; nothing was stored.
    """
    repository = written.repository
    try:
        for _ in range(_TRIES):
            with suppress(on_disk.ChangedError), connection.transaction():
                return _store(connection, written)
    except (OSError, GitError) as problem:
        raise JournalError(f"{repository} cannot be read: {problem}") from problem
    raise JournalError(f"{repository} changes all the time")


def _store(connection: Connection, written: Written) -> None:
    document, repository = written.document, written.repository
    if object_files.has_loose(repository, 1):
        git(repository, "repack", "-d", "-q")
    refs = on_disk.refs(repository)  # first: then the packs have what they name
    there = set(on_disk.packs(repository))
    stored = repositories.packs(connection, document)
    for id in sorted(there - stored):
        _store_pack(connection, document, id, repository)
    known = repositories.refs(connection, document)
    gone = [name for name in known if refs.get(name) != known[name]]
    new = [name for name in refs if refs[name] != known.get(name)]
    # From here on the entries of this document, and with them those of others, wait for the commit:
    # it needs one round trip.
    with connection.pipeline():
        locked = _lock_row(connection, written)
        connection.execute(
            "delete from gollabedit.packs where document = %s and id = any(%s)",
            [document, list(stored - there)],
        )
        connection.execute(
            "delete from gollabedit.refs where document = %s and name = any(%s)", [document, gone]
        )
        connection.execute(
            "insert into gollabedit.refs (document, name, head)"
            " select %s, * from unnest(%s::bytea[], %s::text[])",
            [document, new, [refs[name] for name in new]],
        )
        connection.execute(
            "delete from gollabedit.entries where document = %s and position <= %s",
            [document, written.up_to],
        )
    if not any(cursor.rowcount > 0 for cursor in locked):
        raise NotOwnedError(f"{document}: another server has taken over")


def _lock_row(connection: Connection, written: Written) -> Sequence[Cursor]:
    """Lock the row of a document that this server owns; make it if there is none.

    Returns:
        Cursors, of which one has a row if this server owns it.
    """
    document, owner, first_name = written.document, written.owner, written.first_name
    made = connection.execute(
        "insert into gollabedit.documents (name, position, epoch, owner, first_name)"
        " values (%s, 0, %s, %s, nullif(nullif(%s, ''), %s)) on conflict do nothing",
        [document, owner.epoch, owner.name, first_name, document],
    )
    moved = connection.execute(
        "update gollabedit.documents set checkpoint = greatest(checkpoint, %s),"
        " first_name = coalesce(first_name, nullif(nullif(%s, ''), name))"
        " where name = %s and epoch = %s and owner = %s",
        [written.up_to, first_name, document, *owner],
    )
    return made, moved


def _store_pack(connection: Connection, document: str, id: str, repository: Path) -> None:
    end = on_disk.Sha1End()
    try:
        with on_disk.pack_file(repository, id).open("rb") as file:
            for number, part in enumerate(iter(lambda: file.read(on_disk.PART_BYTES), b"")):
                end.add(part)
                connection.execute(
                    "insert into gollabedit.packs (document, id, part, bytes)"
                    " values (%s, %s, %s, %b)",
                    [document, id, number, part],
                )
    except FileNotFoundError:
        raise on_disk.ChangedError from None
    if not end.is_right:
        raise DamagedError(f"{repository}: the pack {id} is damaged")
