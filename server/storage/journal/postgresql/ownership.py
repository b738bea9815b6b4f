"""Who owns the documents: one server all of them, or several servers some each (`leases`).

Every statement that writes has the owner and the epoch of its document; a later owner has a larger
epoch. So whoever was replaced is refused, however late the statement arrives.
"""

import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from server.storage.journal import HERE, JournalError, NotOwnedError, Place
from server.storage.journal.postgresql.connection import Connection
from server.support.metrics import Metric


class Owner(NamedTuple):
    """The owner of a document, and since which epoch."""

    epoch: int
    name: str


class Ownership(Protocol):
    """What a server knows of the documents that it owns. Methods with a connection block.

    Attributes:
        name: of this server.
        is_shared: whether there may be other servers.
        secret: what these know, too.
        refusal: why this server writes nothing any more.
    """

    name: str
    is_shared: bool
    secret: bytes
    refusal: JournalError | None

    def begin(self, connection: Connection) -> int:
        """Register this server; return the epoch of the store."""

    def end(self, connection: Connection) -> None:
        """Own nothing any more."""

    def owner_of(self, document: str) -> Owner:
        """Return the owner of a document, which is this server.

        Raises:
            NotOwnedError: It is not.
        """

    def owns(self, document: str) -> bool:
        """Return whether this server owns a document."""

    def owned(self) -> Collection[str]:
        """Return the documents that it owns, if there may be others."""

    def own(self, connection: Connection, document: str) -> Place:
        """See `Owners.own`."""

    def check(self, connection: Connection, documents: Sequence[str]) -> list[str]:
        """Find out which documents have changed hands; return these.

        Raises:
            NotOwnedError: Another server owns all documents now.
        """

    def let_go(self, documents: Collection[str]) -> Mapping[str, Owner]:
        """Forget documents that this server owns; return what is to be released."""

    def release(self, connection: Connection, owned: Mapping[str, Owner]) -> None:
        """Let others own documents."""

    def rename(self, old: str, new: str) -> None:
        """Note that a document has another name now."""

    def look(self, connection: Connection) -> None:
        """Keep what this server owns; called regularly.

        Raises:
            NotOwnedError: Another server has taken its place.
        """

    def watch(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        """See `Owners.watch_owners`."""

    def metrics(self) -> Sequence[Metric]:
        """Return what is to be seen of it."""


class OnlyServer:
    """Owns all documents: each start takes the next epoch, and with it all of them."""

    is_shared = False
    secret = b""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.refusal: JournalError | None = None
        self._epoch = 0

    def begin(self, connection: Connection) -> int:
        with connection.transaction():
            # No sequence: that may skip numbers when PostgreSQL crashes, as a later server would.
            row = connection.execute(
                "update gollabedit.store set is_shared = false,"
                " epoch = 1 + greatest(epoch, (select max(epoch) from gollabedit.documents))"
                " returning epoch"
            ).fetchone()
            assert row
            self._epoch = row[0]
            connection.execute(
                "update gollabedit.documents set epoch = %s, owner = %s", [self._epoch, self.name]
            )
        return self._epoch

    def end(self, connection: Connection) -> None:
        """The next start takes the documents."""

    def owner_of(self, document: str) -> Owner:
        del document  # any
        return Owner(self._epoch, self.name)

    def owns(self, document: str) -> bool:
        del document  # any
        return True

    def owned(self) -> Collection[str]:
        return ()

    def own(self, connection: Connection, document: str) -> Place:
        """The start has taken all of them."""
        del connection, document
        return HERE

    def check(self, connection: Connection, documents: Sequence[str]) -> list[str]:
        """Own documents that an earlier server has made meanwhile."""
        changed = connection.execute(
            "update gollabedit.documents set epoch = %s, owner = %s"
            " where name = any(%s) and epoch < %s returning name",
            [self._epoch, self.name, list(documents), self._epoch],
        ).fetchall()
        later = connection.execute(
            "select name from gollabedit.documents where name = any(%s) and epoch > %s",
            [list(documents), self._epoch],
        ).fetchone()
        if later:
            raise NotOwnedError(f"{later[0]}: another server has taken over")
        return [document for (document,) in changed]

    def let_go(self, documents: Collection[str]) -> Mapping[str, Owner]:
        """There is nobody else to own them."""
        del documents
        return {}

    def release(self, connection: Connection, owned: Mapping[str, Owner]) -> None:
        """There is nobody else to own them."""

    def rename(self, old: str, new: str) -> None:
        """All names are this server's."""

    def look(self, connection: Connection) -> None:
        """The watcher looks at the epoch of the store."""

    def watch(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        """There are no others."""

    def metrics(self) -> Sequence[Metric]:
        return ()
