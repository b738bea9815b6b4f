"""Reads what is in PostgreSQL beside a server, or without one; owns no document."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from server.git.changes import Log
from server.storage.journal import Stored
from server.storage.journal.postgresql import entries, repositories, restoring
from server.storage.journal.postgresql.connection import Database, SharedConnections
from server.storage.journal.postgresql.schema import make
from server.storage.journal.postgresql.site import PostgresqlSite


class PostgresqlReader:
    """Reads a database, whose tables are made if there are none.

    Raises:
        JournalError: There is no connection, or the database cannot be used.
    """

    def __init__(self, url: str, password: str = "") -> None:
        database = Database(url, password)
        self.shown = database.shown
        self._shared = SharedConnections(database)
        self._shared.run(make)
        self.site = PostgresqlSite(self._shared)

    def stored(self) -> Mapping[str, Stored]:
        return self._shared.run(repositories.stored)

    def size(self, document: str) -> int:
        return self._shared.run(partial(repositories.size, document=document))

    def copy(self, document: str, repository: Path, earlier: Path | None = None) -> None:
        self._shared.run(
            partial(restoring.copy, document=document, repository=repository, reused=earlier)
        )

    def read(self, document: str) -> Log:
        return self._shared.run(partial(entries.read, document=document, after=0, where=self.shown))

    def snapshot(self) -> AbstractContextManager[None]:
        return self._shared.together(is_snapshot=True)

    def close(self) -> None:
        self._shared.close()
