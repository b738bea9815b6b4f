"""The journal and the repositories of all documents in PostgreSQL.

    append ─▶ EntryWriter ─▶ entries                  one commit for all that waits
    forget ─▶ packs and refs in, entries out          one transaction
    restore ─▶ packs and refs ─▶ the disk             once for each document and process

An acknowledged entry is as durable as a commit of PostgreSQL: on its disk, and on that of a standby
if it has a synchronous one. The disk of this machine is a cache.

One server at a time owns the documents. Each start takes the next epoch and all documents; a server
that was overtaken by another one is refused whatever it writes, and accepts nothing any more.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import psycopg

from server.git.changes import Entry, Log
from server.storage.journal import JournalError, Stored
from server.storage.journal.body import decode, encode
from server.storage.journal.postgresql import repositories
from server.storage.journal.postgresql.connection import Connection, Database, SharedConnections
from server.storage.journal.postgresql.repositories import NotOwnedError, Owner
from server.storage.journal.postgresql.schema import migrate
from server.storage.journal.postgresql.watcher import Watcher
from server.storage.journal.postgresql.writer import EntryWriter
from server.support.metrics import Metric, Sample
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_LOCK_WAIT_S = 10.0  # for a server that is stopping
_CLOSE_S = 3.0  # for checkpoints that are yet to be stored; the journal keeps what is left
_CONFIRM_S = 5.0
_LOCKS = 64
_READ = """
select d.position, e.position, e.body
from gollabedit.documents d
left join gollabedit.entries e on e.document = d.name and e.position > %s
where d.name = %s
order by e.position
"""
_TAKEN_OVER = (
    "another gollabedit uses this database now; to go on with this one, stop that and start again"
)


class PostgresqlJournal:
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
        lock_wait_s: float = _LOCK_WAIT_S,
    ) -> None:
        """Connect, make the tables, and take over all documents.

        Args:
            url: of the database.
            password: if it is neither in the URL nor where libpq finds it.
            needs_standby: whether to refuse a database without a synchronous standby.
            lock_wait_s: how long to wait for the end of another server.
        """
        self._database = Database(url, password)
        connection = self._database.connect()
        try:
            self.store_id = migrate(connection)
            self._watcher = Watcher(self._database, connection)
            self._check_standby(needs_standby)
            if not self._watcher.take_lock(lock_wait_s):
                raise JournalError(  # noqa: TRY301
                    f"another gollabedit uses {self._database.shown}; stop it, or create a"
                    " database for this one"
                )
            self._owner = _take_over(connection)
        except psycopg.Error as problem:
            connection.close()
            raise self._database.error(problem) from problem
        except BaseException:
            connection.close()
            raise
        self._shared = SharedConnections(self._database)
        self._storing = WorkerThreads(1, "journal: store")
        # The documents whose repositories on this disk are what is stored; each time it is made so
        # it gets another number.
        self._restored: dict[str, int] = {}
        self._numbers = count(1)
        self._locks = [threading.RLock() for _ in range(_LOCKS)]
        self._writer = EntryWriter(self._database, self._owner, self._on_written, self._on_refused)
        self._watcher.start(self._writer, self._owner.epoch, self._taken_over, self._give_up)

    def _check_standby(self, needs_standby: bool) -> None:
        if self._watcher.state.has_standby:
            _log.info("%s: each edit is on two machines", self._database.shown)
        elif needs_standby:
            raise JournalError(
                f"{self._database.shown} has no synchronous standby (synchronous_standby_names is"
                " empty); set one up, or start without --journal-needs-standby"
            )
        else:
            _log.info(
                "%s has no synchronous standby: an acknowledged edit survives a crash of its"
                " machine, and not the loss of it",
                self._database.shown,
            )

    # --- the journal

    def append(self, entry: Entry, follows: int) -> Future[int]:
        return self._writer.append(entry.document, encode(entry), follows)

    def gather(self) -> AbstractContextManager[None]:
        return self._writer.gather()

    def read(self, document: str, after: int = 0) -> Log:
        if not self._writer.is_sure:
            self._confirm()
        rows = self._shared.run(partial(_read, document=document, after=after))
        if not rows:
            return Log()
        last = rows[-1][1] or rows[0][0]
        bodies = [body for _, position, body in rows if position is not None]
        where = self._database.shown
        return Log(last, tuple(decode(document, body, where) for body in bodies))

    def _confirm(self) -> None:
        """Wait until a commit has succeeded: then what is read is not lost any more."""
        try:
            self._writer.confirm().result(_CONFIRM_S)
        except TimeoutError:
            raise JournalError(f"{self._database.shown} does not answer") from None

    def forget(self, document: str, up_to: int, repository: Path) -> Future[None]:
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # so that it cannot be cancelled
        if not up_to:  # it has no entries, and may not exist
            done.set_result(None)
            return done
        number = self._restored.get(document)

        def store() -> None:
            try:
                with self._lock_of(document):
                    if number is None or self._restored.get(document) != number:
                        raise JournalError(f"{document} was opened again")  # noqa: TRY301
                    self._store(document, repository, up_to)
            except Exception as problem:  # noqa: BLE001  it is raised again by the future
                _log.error("%s: its checkpoint is not stored: %s", document, problem)
                done.set_exception(problem)
            else:
                done.set_result(None)

        self._storing.run(store)
        return done

    def scrub(self) -> None:
        self._run(lambda connection: connection.execute("vacuum full gollabedit.entries"))

    def try_to_write(self) -> None:
        self._writer.confirm().result()

    def documents(self) -> list[str]:
        return self._run(_documents)

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._writer.listen(on_entry)

    def close(self) -> None:
        self._storing.close(_CLOSE_S)
        self._writer.close()
        self._watcher.close()
        self._shared.close()

    # --- the repositories

    def store(self, document: str, repository: Path, first_name: str = "") -> None:
        with self._lock_of(document):
            if document not in self._restored and document in self.stored():
                raise JournalError(f"{document} is not open")
            self._store(document, repository, first_name=first_name)

    def _store(self, document: str, repository: Path, up_to: int = 0, first_name: str = "") -> None:
        self._run(
            partial(
                repositories.store,
                document=document,
                repository=repository,
                owner=self._owner,
                up_to=up_to,
                first_name=first_name,
            )
        )
        self._restored.setdefault(document, next(self._numbers))

    def restore(self, document: str, repository: Path) -> None:
        if document in self._restored:
            return
        with self._lock_of(document):
            if document in self._restored:
                return
            restore = partial(
                repositories.restore, document=document, repository=repository, owner=self._owner
            )
            if self._run(restore):
                self._restored[document] = next(self._numbers)

    def stored(self) -> Mapping[str, Stored]:
        return self._run(repositories.stored)

    def rename(self, old: str, new: str) -> None:
        self._run(partial(_rename, old=old, new=new))
        number = self._restored.pop(old, None)
        if number is not None:
            self._restored[new] = number

    def remove(self, document: str) -> None:
        self._restored.pop(document, None)
        self._run(partial(_remove, document=document))

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
        )

    # --- who owns the documents

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        try:
            return self._shared.run(work)
        except NotOwnedError:
            self._taken_over()
            raise

    def _on_written(self, positions: Sequence[tuple[str, int]]) -> None:
        for document, position in positions:
            if position == 1:  # it is new, so nothing is stored, and nothing on the disk
                self._restored.setdefault(document, next(self._numbers))

    def _on_refused(self, connection: Connection, documents: Sequence[str]) -> None:
        """Own documents that an earlier server has made meanwhile: they are restored again."""
        try:
            changed = repositories.claim(connection, list(documents), self._owner)
        except NotOwnedError:
            self._taken_over()
            raise
        for document in changed:
            self._restored.pop(document, None)

    def _taken_over(self) -> None:
        """Accept nothing any more: another server owns the documents."""
        if not self._writer.refusal:
            _log.error("%s: %s", self._database.shown, _TAKEN_OVER)
            self._writer.refusal = JournalError(_TAKEN_OVER)

    def _give_up(self) -> None:
        """Wait no more for what PostgreSQL does not answer."""
        self._writer.interrupt()
        self._shared.interrupt()

    def _lock_of(self, document: str) -> threading.RLock:
        return self._locks[hash(document) % _LOCKS]


def _take_over(connection: Connection) -> Owner:
    """Own all documents; return this server."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    with connection.transaction():
        # No sequence: that may skip numbers when PostgreSQL crashes, as a later server would.
        row = connection.execute(
            "update gollabedit.store set epoch = epoch + 1 returning epoch"
        ).fetchone()
        assert row
        connection.execute("update gollabedit.documents set epoch = %s, owner = %s", [row[0], name])
    return Owner(row[0], name)


def _read(connection: Connection, document: str, after: int) -> list[tuple[int, int | None, bytes]]:
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(_READ, [after, document]).fetchall()


def _documents(connection: Connection) -> list[str]:
    rows = connection.execute("select distinct document from gollabedit.entries order by document")
    return [document for (document,) in rows]


def _rename(connection: Connection, old: str, new: str) -> None:
    with connection.transaction():
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


def _remove(connection: Connection, document: str) -> None:
    with connection.transaction():
        for table, column in _TABLES:
            connection.execute(
                f"delete from gollabedit.{table} where {column} = %s",  # noqa: S608
                [document],
            )


_TABLES = (
    ("documents", "name"),
    ("entries", "document"),
    ("packs", "document"),
    ("refs", "document"),
)
