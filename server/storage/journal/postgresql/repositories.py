"""Repositories in PostgreSQL: the packs and refs of documents, stored from and restored to a disk.

A pack is stored in parts, without its index, which Git computes from it. What is stored is exactly
what the disk has: a repack replaces rows, and the disk is made anew where it differs.
"""

import hashlib
import logging
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from server.core.git_model import MASTER
from server.git import bare, object_files
from server.git.packed_refs import read_refs
from server.git.process import GitError, git
from server.storage.journal import IN_TRASH, DamagedError, JournalError, NotOwnedError, Stored
from server.storage.journal.postgresql.connection import Connection
from server.storage.journal.postgresql.ownership import Owner
from server.support.files import sync_tree

_log = logging.getLogger(__name__)

_PART_BYTES = 4 * 2**20
_SHA1_BYTES = 20
_TRIES = 10
_ID = re.compile(r"[0-9a-f]{40}")


class _Changed(Exception):
    """A pack is gone that was there; a repack has replaced it."""


# --- from the disk


def store(
    connection: Connection,
    document: str,
    repository: Path,
    owner: Owner,
    up_to: int,
    first_name: str,
) -> None:
    """Store a repository, and drop the entries up to a position, in one transaction.

    Args:
        connection: is not used by anybody else.
        document: the document.
        repository: its bare repository, in which other programs may write.
        owner: this server, which must own it, unless it is not stored yet.
        up_to: the position of a checkpoint that is in the repository.
        first_name: the name that it was made with, if it is not stored yet and has another one.

    Raises:
        NotOwnedError: Nothing was stored.
        DamagedError: A pack on the disk is damaged; nothing was stored.
        JournalError: The disk cannot be read; nothing was stored.
    """
    try:
        for _ in range(_TRIES):
            with suppress(_Changed), connection.transaction():
                return _store(connection, document, repository, owner, up_to, first_name)
    except (OSError, GitError) as problem:
        raise JournalError(f"{repository} cannot be read: {problem}") from problem
    raise JournalError(f"{repository} changes all the time")


def _store(
    connection: Connection,
    document: str,
    repository: Path,
    owner: Owner,
    up_to: int,
    first_name: str,
) -> None:
    if object_files.has_loose(repository, 1):
        git(repository, "repack", "-d", "-q")
    refs = _refs_on_disk(repository)  # first: then the packs have what they name
    on_disk = set(_packs_on_disk(repository))
    in_store = _stored_packs(connection, document)
    for id in sorted(on_disk - in_store):
        _store_pack(connection, document, id, repository)
    # From here on this document's entries wait for the commit.
    _lock_row(connection, document, owner, up_to, first_name)
    connection.execute(
        "delete from gollabedit.packs where document = %s and id = any(%s)",
        [document, list(in_store - on_disk)],
    )
    known = _stored_refs(connection, document)
    gone = [name for name in known if refs.get(name) != known[name]]
    new = [name for name in refs if refs[name] != known.get(name)]
    connection.execute(
        "delete from gollabedit.refs where document = %s and name = any(%s)", [document, gone]
    )
    connection.execute(
        "insert into gollabedit.refs (document, name, head)"
        " select %s, * from unnest(%s::bytea[], %s::text[])",
        [document, new, [refs[name] for name in new]],
    )
    connection.execute(
        "delete from gollabedit.entries where document = %s and position <= %s", [document, up_to]
    )


def _lock_row(
    connection: Connection, document: str, owner: Owner, up_to: int, first_name: str
) -> None:
    """Lock the row of a document that this server owns; make it if there is none."""
    made = connection.execute(
        "insert into gollabedit.documents (name, position, epoch, owner, first_name)"
        " values (%s, 0, %s, %s, nullif(nullif(%s, ''), %s)) on conflict do nothing",
        [document, owner.epoch, owner.name, first_name, document],
    )
    moved = connection.execute(
        "update gollabedit.documents set checkpoint = greatest(checkpoint, %s),"
        " first_name = coalesce(first_name, nullif(nullif(%s, ''), name))"
        " where name = %s and epoch = %s and owner = %s",
        [up_to, first_name, document, *owner],
    )
    if not (made.rowcount or moved.rowcount):
        raise NotOwnedError(f"{document}: another server has taken over")


def _store_pack(connection: Connection, document: str, id: str, repository: Path) -> None:
    try:
        with _pack_file(repository, id).open("rb") as file:
            checksum, end = hashlib.sha1(usedforsecurity=False), b""
            for number, part in enumerate(iter(lambda: file.read(_PART_BYTES), b"")):
                checksum.update((end + part)[:-_SHA1_BYTES])
                end = (end + part)[-_SHA1_BYTES:]
                connection.execute(
                    "insert into gollabedit.packs (document, id, part, bytes)"
                    " values (%s, %s, %s, %b)",
                    [document, id, number, part],
                )
    except FileNotFoundError:
        raise _Changed from None
    if checksum.digest() != end:
        raise DamagedError(f"{repository}: the pack {id} is damaged")


def _packs_on_disk(repository: Path) -> Collection[str]:
    """Return the ids of the packs, at one moment: a folder that changes is listed again."""
    for _ in range(_TRIES):
        found, again = (
            {file.stem.removeprefix("pack-") for file in _pack_folder(repository).glob("*.idx")}
            for _ in range(2)
        )
        if found == again:
            return found
    raise _Changed


def _refs_on_disk(repository: Path) -> dict[bytes, str]:
    heads = read_refs(repository).heads
    return {name.encode(errors="surrogateescape"): head for name, head in heads.items()}


def _pack_folder(repository: Path) -> Path:
    return repository / "objects" / "pack"


def _pack_file(repository: Path, id: str) -> Path:
    return _pack_folder(repository) / f"pack-{id}.pack"


# --- to the disk


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
    packs, refs = _stored_packs(connection, document), _stored_refs(connection, document)
    try:
        is_there = _is_on_disk(repository, packs, refs)
        if not (is_there and (is_trusted or _is_intact(repository, packs))):
            _rebuild(connection, document, repository, packs, refs)
    except (OSError, GitError) as problem:
        raise JournalError(f"{repository} cannot be made: {problem}") from problem
    return True


def is_stored(connection: Connection, document: str, repository: Path) -> bool:
    """Return whether a repository on the disk is what is stored; its packs are not read."""
    packs, refs = _stored_packs(connection, document), _stored_refs(connection, document)
    return bool(packs) and _is_on_disk(repository, packs, refs)


def _is_on_disk(repository: Path, packs: set[str], refs: dict[bytes, str]) -> bool:
    if not repository.is_dir():
        return not packs and not refs
    return set(_packs_on_disk(repository)) == packs and _refs_on_disk(repository) == refs


def _is_intact(repository: Path, packs: set[str]) -> bool:
    return all(_is_pack_intact(repository, id) for id in packs)


def _is_pack_intact(repository: Path, id: str) -> bool:
    """Return whether a pack and its index are there, and have the check sums at their ends."""
    files = [_pack_file(repository, id).with_suffix(ending) for ending in (".pack", ".idx")]
    return all(file.is_file() and _has_its_checksum(file) for file in files)


def _has_its_checksum(path: Path) -> bool:
    checksum, end = hashlib.sha1(usedforsecurity=False), b""
    with path.open("rb") as file:
        for part in iter(lambda: file.read(_PART_BYTES), b""):
            checksum.update((end + part)[:-_SHA1_BYTES])
            end = (end + part)[-_SHA1_BYTES:]
    return checksum.digest() == end


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
    packs, refs = _stored_packs(connection, document), _stored_refs(connection, document)
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
    if not _is_pack_intact(repository, id):
        return False
    for ending in (".idx", ".pack"):
        file = _pack_file(repository, id).with_suffix(ending)
        try:
            (_pack_folder(new) / file.name).hardlink_to(file)
        except OSError:  # the disk has no hard links, or no more of them
            return False
    return True


def _write_pack(connection: Connection, document: str, id: str, new: Path) -> None:
    if not _ID.fullmatch(id):
        raise DamagedError(f"{document}: no pack is called {id!r}")
    file = _pack_file(new, id)
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


# --- what is stored


def _stored_packs(connection: Connection, document: str) -> set[str]:
    rows = connection.execute(
        "select id from gollabedit.packs where document = %s and part = 0", [document]
    )
    return {id for (id,) in rows}


def _stored_refs(connection: Connection, document: str) -> dict[bytes, str]:
    rows = connection.execute(
        "select name, head from gollabedit.refs where document = %s", [document]
    )
    return {bytes(name): head for name, head in rows}


def size(connection: Connection, document: str) -> int:
    """Return what the packs of a document take, in bytes."""
    row = connection.execute(
        "select coalesce(sum(octet_length(bytes)), 0) from gollabedit.packs where document = %s",
        [document],
    ).fetchone()
    assert row
    return int(row[0])


def stored(connection: Connection) -> dict[str, Stored]:
    """Return the stored documents that are not in the trash."""
    rows = connection.execute(
        "select d.name, r.head, coalesce(d.first_name, d.name) from gollabedit.documents d"
        " left join gollabedit.refs r on r.document = d.name and r.name = %s"
        " where not starts_with(d.name, %s) and (d.position > 0"
        " or exists (select from gollabedit.refs o where o.document = d.name))",
        [MASTER.encode(), IN_TRASH],
    )
    return {name: Stored(head, first_name) for name, head, first_name in rows}


def head(connection: Connection, document: str) -> str | None:
    """Return the stored head of `master`."""
    row = connection.execute(
        "select head from gollabedit.refs where document = %s and name = %s",
        [document, MASTER.encode()],
    ).fetchone()
    return str(row[0]) if row else None


# --- documents as a whole

_TABLES = (
    ("documents", "name"),
    ("entries", "document"),
    ("packs", "document"),
    ("refs", "document"),
)


def rename(connection: Connection, old: str, new: str, owner: Owner) -> None:
    """Rename a stored document, unless it has its new name already.

    Raises:
        NotOwnedError: Another server owns it.
    """
    with connection.transaction():
        if not _lock_owned(connection, old, owner):
            return
        # A name that was looked at may have a row, which says no more than who owns it.
        connection.execute(
            "delete from gollabedit.documents where name = %s and position = 0 and owner = %s",
            [new, owner.name],
        )
        connection.execute(
            "update gollabedit.documents set first_name = nullif(coalesce(first_name, name), %s)"
            " where name = %s",
            [new, old],
        )
        for table, column in _TABLES:
            connection.execute(
                f"update gollabedit.{table} set {column} = %s where {column} = %s",  # noqa: S608
                [new, old],
            )


def remove(connection: Connection, document: str, owner: Owner) -> None:
    """Remove a stored document.

    Raises:
        NotOwnedError: Another server owns it.
    """
    with connection.transaction():
        if not _lock_owned(connection, document, owner):
            return
        for table, column in _TABLES:
            connection.execute(
                f"delete from gollabedit.{table} where {column} = %s",  # noqa: S608
                [document],
            )


def _lock_owned(connection: Connection, document: str, owner: Owner) -> bool:
    """Lock the row of a document; return whether it is there.

    Raises:
        NotOwnedError: Another server owns it.
    """
    row = connection.execute(
        "select epoch, owner from gollabedit.documents where name = %s for update", [document]
    ).fetchone()
    if row is not None and row != owner:
        raise NotOwnedError(f"{document}: another server has taken over")
    return row is not None
