"""What a server has beside its documents, and the contract of what keeps that.

    secret     what resume keys are made with
    accounts   users, hashes of their secrets, and links
    catalog    former names and archived documents
    policy     who may do what; written by the operator
    trash      what is known of deleted documents that are kept in the store of the repositories
    moving     until everything has come here by a migration: what is there already
    moved      where everything was moved to by a migration

Documents on this disk have it in the data folder (`folder`), documents in PostgreSQL have it there
(`server.storage.journal.postgresql.site`). Its users do not depend on where it is. Several
servers and commands may use it at one time, and see the changes of others when they look.

Everything blocks, and raises an `OSError` if it cannot be read or written.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

CATALOG = "catalog"
POLICY = "policy"
TRASH = "trash"
MOVING = "moving"
MOVED = "moved"
SECRET_BYTES = 32

_decode_name = msgspec.json.Decoder(str).decode

Change = Callable[[bytes | None], bytes | None]


class Text(Protocol):
    """A small text that is replaced as a whole.

    Attributes:
        shown: what it is called where people read of it.
    """

    shown: str

    def state(self) -> object:
        """Return a value that differs after each change of the text; None without a text. Quick."""

    def read(self) -> bytes | None:
        """Return the text; None if there is none."""

    def change(self, change: Change) -> bytes | None:
        """Replace the text durably by the result of a function of it; return the new one.

        It is one transaction. The result None removes the text.
        """


class Rows(Protocol):
    """What a statement has found or changed."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Execute(Protocol):
    """Executes a statement of a transaction.

    In the statement, `?` stands for a value, and `{0}` begins the name of each table.
    """

    def __call__(self, statement: str, values: Sequence[Any] = ()) -> Rows: ...


class AccountsDatabase(Protocol):
    """The tables of accounts, as `server.storage.accounts` has them. Safe on any thread."""

    def reading(self) -> AbstractContextManager[Execute | None]:
        """Return a context that sees one moment; None if there is nothing yet."""

    def changing(self) -> AbstractContextManager[Execute]:
        """Return a context that is one transaction, and the only one of its kind at a time."""

    def has_changed(self) -> bool:
        """Return whether something has changed since `reading` was last used. Quick."""

    def close(self) -> None:
        """Close the connection, if it has one of its own."""


def moved_to(site: "Site") -> str | None:
    """Return where everything was moved to by a migration, if it was."""
    content = site.text(MOVED).read()
    return None if content is None else _decode_name(content)


def obstacle(site: "Site") -> str:
    """Return why it must not be used now, as a sentence with advice; "" if it may be."""
    moved = moved_to(site)
    if moved is not None:
        return f"all of it was moved to {moved}; `gollabedit migrate --help` says how to undo that"
    if site.text(MOVING).read() is not None:
        return "it is not complete yet: run the same `gollabedit migrate` again, which continues it"
    return ""


class Site(Protocol):
    """Keeps the secret, the accounts and the texts."""

    @property
    def accounts(self) -> AccountsDatabase:
        """The tables of accounts."""

    def secret(self, first: bytes = b"") -> bytes:
        """Return the secret, which is made when it is first asked for.

        Args:
            first: what it is then, in place of a random one.
        """

    def set_secret(self, secret: bytes) -> None:
        """Replace the secret, such as by that of the server whose documents these were."""

    def text(self, name: str) -> Text:
        """Return one of the texts that are named above."""

    def together(self) -> AbstractContextManager[None]:
        """Return a context in which the changes of this thread are one transaction, if possible."""
