"""The journal and the repositories of all documents in PostgreSQL.

    append ─▶ EntryWriter ─▶ entries                  one commit for all that waits
    forget ─▶ packs and refs in, entries out          one transaction
    restore ─▶ packs and refs ─▶ the disk             once for each document and process

An acknowledged entry is as durable as a commit of PostgreSQL: on its disk, and on that of a standby
if it has a synchronous one. The disk of this machine is a cache.

One server owns all documents (`ownership`), or several share them (`leases`). A server that was
overtaken by another one is refused whatever it writes.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import psycopg

from server.git.changes import Entry, Log
from server.storage.journal import JournalError, NotOwnedError
from server.storage.journal.body import encode
from server.storage.journal.postgresql import entries, repositories, start
from server.storage.journal.postgresql.connection import Connection, Database
from server.storage.journal.postgresql.leases import Node
from server.storage.journal.postgresql.ownership import OnlyServer
from server.storage.journal.postgresql.schema import migrate
from server.storage.journal.postgresql.site import PostgresqlSite
from server.storage.journal.postgresql.store import PostgresqlStore
from server.storage.journal.postgresql.watcher import Watcher
from server.storage.journal.postgresql.writer import EntryWriter
from server.storage.journal.write_queue import running_future
from server.support.metrics import Metric, Sample

_log = logging.getLogger(__name__)

_LOCK_WAIT_S = 10.0  # for a server that is stopping
_CONFIRM_S = 5.0


class PostgresqlJournal(PostgresqlStore):
    """Makes entries durable in a database, and keeps the repositories there.

    Raises:
        JournalError: There is no connection, or the database cannot be used.
    """

    writes_through = False

    def __init__(
        self,
        url: str,
        password: str = "",
        *,
        needs_standby: bool = False,
        node_url: str = "",
        lock_wait_s: float = _LOCK_WAIT_S,
    ) -> None:
        """Connect, make the tables, and take over all documents, or share them with other nodes.

        Args:
            url: of the database.
            password: if it is neither in the URL nor where libpq finds it.
            needs_standby: whether to refuse a database without a synchronous standby.
            node_url: where other nodes reach this one; empty for the only server.
            lock_wait_s: how long to wait for the end of another server.
        """
        database = Database(url, password)
        ownership = Node(node_url) if node_url else OnlyServer()
        connection = database.connect()
        try:
            self.store_id = migrate(connection)
            self._watcher = Watcher(database, connection, ownership)
            start.check_standby(
                database.shown,
                has_standby=self._watcher.state.has_standby,
                needs_standby=needs_standby,
            )
            if not self._watcher.take_lock(lock_wait_s):
                why = start.why_in_use(connection, database.shown, is_shared=ownership.is_shared)
                raise JournalError(why)  # noqa: TRY301
            epoch = ownership.begin(connection)
        except psycopg.Error as problem:
            connection.close()
            raise database.error(problem) from problem
        except BaseException:
            connection.close()
            raise
        super().__init__(database, ownership)
        self.site = PostgresqlSite(self._shared)
        self._writer = EntryWriter(database, ownership, self._on_written, self._on_refused)
        self._watcher.start(self._writer, epoch, self._taken_over, self._give_up)

    # --- the journal

    def append(self, entry: Entry, follows: int) -> Future[int]:
        return self._writer.append(entry.document, encode(entry), follows)

    def gather(self) -> AbstractContextManager[None]:
        return self._writer.gather()

    def read(self, document: str, after: int = 0) -> Log:
        if not self._writer.is_sure:
            self._confirm()
        where = self._database.shown
        return self._shared.run(partial(entries.read, document=document, after=after, where=where))

    def newest(self, document: str) -> str | None:
        if not self._writer.is_sure:
            self._confirm()
        last = partial(entries.last_head, document=document, where=self._database.shown)
        if head := self._run(last):  # as a rule it has moved
            return head
        log = self.read(document)  # first: what leaves it later is stored
        heads = [head for entry in log.entries for head in entries.heads(entry)]
        return heads[-1] if heads else self._run(partial(repositories.head, document=document))

    def _confirm(self) -> None:
        """Wait until a commit has succeeded: then what is read is not lost any more."""
        try:
            self._writer.confirm().result(_CONFIRM_S)
        except TimeoutError:
            raise JournalError(f"{self._database.shown} does not answer") from None

    def forget(self, document: str, up_to: int, repository: Path) -> Future[None]:
        if up_to:
            return self._store_checkpoint(document, up_to, repository)
        done = running_future()  # it has no entries, and may not exist
        done.set_result(None)
        return done

    def scrub(self) -> None:
        self._run(lambda connection: connection.execute("vacuum full gollabedit.entries"))

    def try_to_write(self) -> None:
        self._writer.confirm().result()

    def documents(self) -> list[str]:
        return self._run(entries.documents)

    def left(self) -> list[str]:
        if not self.is_shared:
            return self.documents()
        return self._run(partial(entries.left_to, server=self._ownership.name))

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._writer.listen(on_entry)

    def close(self) -> None:
        self._finish_storing()
        self._writer.close()
        self._watcher.close()
        try:
            self._shared.run(self._ownership.end)
        except JournalError as problem:
            _log.warning("what this server owned is free in some seconds: %s", problem)
        self._shared.close()

    def metrics(self) -> Sequence[Metric]:
        state, unknown = self._watcher.state, self._writer.unknown
        return (
            Metric("journal_connected", "1 while PostgreSQL answers", [Sample(state.is_connected)]),
            Metric(
                "journal_standby",
                "1 while each commit waits for a synchronous standby, which keeps edits if"
                " PostgreSQL's machine is lost",
                [Sample(state.has_standby)],
            ),
            Metric(
                "journal_unknown_total",
                "commits that failed or whose outcome is unknown; what they wrote is sent again",
                [Sample(unknown)],
                "counter",
            ),
            *self._ownership.metrics(),
        )

    def _on_written(self, positions: Sequence[tuple[str, int]]) -> None:
        for document, position in positions:
            if position == 1:  # it is new, so nothing is stored, and nothing on the disk
                self._restored.setdefault(document, next(self._numbers))

    def _on_refused(self, connection: Connection, documents: Sequence[str]) -> None:
        """Find out which documents changed hands: they are restored again, if it is to this one."""
        try:
            changed = self._ownership.check(connection, documents)
        except NotOwnedError:
            self._taken_over()
            raise
        for document in changed:
            self._restored.pop(document, None)

    def _give_up(self) -> None:
        """Wait no more for what PostgreSQL does not answer."""
        self._writer.interrupt()
        self._shared.interrupt()
