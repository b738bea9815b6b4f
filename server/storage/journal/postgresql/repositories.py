"""The repositories in PostgreSQL: what is stored, and documents as a whole."""

from server.core.git_model import MASTER
from server.storage.journal import IN_TRASH, NotOwnedError, Stored
from server.storage.journal.postgresql.connection import Connection
from server.storage.journal.postgresql.ownership import Owner


def packs(connection: Connection, document: str) -> set[str]:
    """Return the ids of the packs of a document."""
    rows = connection.execute(
        "select id from gollabedit.packs where document = %s and part = 0", [document]
    )
    return {id for (id,) in rows}


def refs(connection: Connection, document: str) -> dict[bytes, str]:
    """Return the refs of a document, as of its last checkpoint."""
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
